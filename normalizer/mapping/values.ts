/** Compiles the values of elements: texts, addresses, alternatives, choices, and whatever a tag names. */
import { CONVERTERS, defaultConverter } from './convert/index.ts';
import { compileConverter } from './converted.ts';
import { compileFhirPath } from './fhirpath.ts';
import { fragmentUse, withFragment } from './fragments.ts';
import { isAddress } from './from.ts';
import { compileLiteral, refuseText } from './literal.ts';
import { compileLoop } from './loops.ts';
import { compileObject } from './members.ts';
import type { Reads } from './memory.ts';
import { planned } from './plans.ts';
import { didYouMean } from './problems.ts';
import { compileReference } from './references.ts';
import { Absent, type Run, Typed } from './run.ts';
import { entryOf } from './sources/format.ts';
import { isTemplate } from './template.ts';
import { constantValue, note, type Target, traced, type Value } from './value.ts';
import type { World } from './world.ts';
import type { Entry, ListNode, MapNode, Node, ScalarNode } from './yaml.ts';

const SPECIAL = ['firstOf', 'literal', 'absent', 'fragment', 'ref', 'refs', 'fhirpath', 'owner', 'element', 'split'];

/** @returns undefined where a problem was told */
export function compileValue(node: Node, target: Target, world: World): Value | undefined {
  if (!world.count(node.at)) return undefined;
  if (node.tag !== undefined) return compileTagged(node, node.tag, target, world);
  switch (node.kind) {
    case 'null':
      world.problems.add(node.at, `${target.path} has no value`, 'give one, or delete the line');
      return undefined;
    case 'scalar':
      return compileScalar(node, target, world);
    case 'list':
      world.problems.add(node.at, `${target.path} takes one value, not a list`, 'write one value, or !firstOf [a, b]');
      return undefined;
    default:
      return compileMap(node, target, world);
  }
}

function compileScalar(node: ScalarNode, target: Target, world: World): Value | undefined {
  if (isAddress(node.text)) {
    const converters = [...new Set(target.allowed.map(defaultConverter))];
    const name = converters.length === 1 ? converters[0] : undefined;
    if (name !== undefined) return compileConverter(name, node, [], node, target, world);
    const hint = target.allowed.includes('Reference')
      ? 'write !ref name'
      : 'write { … } with its parts, or a converter';
    const what = target.allowed.length > 1 ? `may be ${target.allowed.join(', ')}` : `is a ${target.allowed[0]}`;
    world.problems.add(node.at, `${target.path} ${what}: an address alone does not say how to read it`, hint);
    return undefined;
  }
  if (!isTemplate(node.text)) return compileLiteral(node.text, node, target, world);
  const before = world.problems.count;
  const template = world.template(node.text, node.at);
  if (world.problems.count > before) return undefined;
  if (template.literal !== undefined) return compileLiteral(template.literal, node, target, world);
  const type = target.allowed.find((one) =>
    ['string', 'uri', 'code', 'id', 'canonical', 'url', 'markdown'].includes(one),
  );
  if (!type) return refuseText(node, target, world);
  note(
    node,
    target,
    world,
    template.addresses.map(({ text }) => text),
    'text',
  );
  return traced(
    { types: [type], many: false, constant: template.addresses.length === 0, get: template.text },
    node,
    world,
  );
}

function compileTagged(node: Node, tag: string, target: Target, world: World): Value | undefined {
  switch (tag) {
    case 'firstOf':
      return compileFirst(node, target, world);
    case 'literal':
      return node.kind === 'scalar'
        ? compileLiteral(node.text, node, target, world)
        : compileLiteral('', node, target, world);
    case 'absent':
      return compileAbsent(node, target, world);
    case 'fragment': {
      const use = fragmentUse(node, world);
      const made = use && withFragment(use, world, (content) => compileValue(content, target, world));
      return made && conditional(node, made, world);
    }
    case 'ref':
    case 'refs':
      return compileReference(node, tag, target, world);
    case 'fhirpath':
      return compileFhirPath(node, target, world);
    case 'owner':
    case 'element':
      world.problems.add(node.at, `!${tag} stands in keys only`, 'write it in key: [ … ]');
      return undefined;
    case 'split':
      world.problems.add(node.at, '!split stands in each only', 'write each: !split { from: $X, by: "," }');
      return undefined;
    default:
      break;
  }
  if (!CONVERTERS.has(tag)) {
    world.problems.add(
      node.at,
      `there is no converter !${tag}`,
      didYouMean(tag, [...CONVERTERS.keys(), ...SPECIAL], 'converters'),
    );
    return undefined;
  }
  if (node.kind !== 'map')
    return compileConverter(tag, node.kind === 'null' ? undefined : untagged(node), [], node, target, world);
  const from = entryOf(node.entries, 'from');
  const of = entryOf(node.entries, 'of');
  const options = node.entries.filter(({ key }) => !['from', 'if', 'of'].includes(key));
  const made = compileConverter(tag, from?.value, options, node, target, world);
  const guarded = made && conditional(node, made, world);
  const chosen = entryOf(node.entries, 'if') !== undefined;
  return guarded && of ? ofItems(of.value, guarded, chosen, target, world) : guarded;
}

function untagged(node: Node): Node {
  const { tag: _tag, ...rest } = node;
  return rest as Node;
}

/** `of: $NTE[*]`: read once for each of these items; where one value is taken, of the first for which its `if` holds. */
function ofItems(of: Node, value: Value, guarded: boolean, target: Target, world: World): Value | undefined {
  if (!target.array && !guarded) {
    world.problems.add(
      of.at,
      `${target.path} takes one value; of would make several`,
      'leave of out, or say which: if',
    );
    return undefined;
  }
  const loop = compileLoop(of, world);
  if (!loop) return undefined;
  const { get } = value;
  const all = value.many ? (run: Run) => loop(run, get).flat() : (run: Run) => loop(run, get);
  return { ...value, many: target.array, constant: false, get: target.array ? all : (run) => all(run)[0] };
}

/** `if` within a tagged object. */
function conditional(node: Node, value: Value, world: World): Value {
  const entry = node.kind === 'map' ? entryOf(node.entries, 'if') : undefined;
  if (!entry) return value;
  const { holds } = world.condition(entry.value);
  const { get } = value;
  return { ...value, constant: false, get: (run) => (holds(run) ? get(run) : undefined) };
}

const REASONS = [
  'unknown',
  'asked-unknown',
  'temp-unknown',
  'not-asked',
  'asked-declined',
  'masked',
  'not-applicable',
  'unsupported',
  'as-text',
  'error',
  'not-a-number',
  'negative-infinity',
  'positive-infinity',
  'not-performed',
  'not-permitted',
];

function compileAbsent(node: Node, target: Target, world: World): Value | undefined {
  const reason = node.kind === 'scalar' ? node.text : 'unknown';
  if (!REASONS.includes(reason)) {
    world.problems.add(node.at, `${reason} is no reason for absent data`, didYouMean(reason, REASONS, 'reasons'));
    return undefined;
  }
  return constantValue(target.allowed.slice(0, 1), new Absent(reason));
}

function compileFirst(node: Node, target: Target, world: World): Value | undefined {
  if (node.kind !== 'list' || node.items.length === 0) {
    world.problems.add(node.at, '!firstOf takes a list', 'write !firstOf [a, b]');
    return undefined;
  }
  const compiled = (node as ListNode).items.map((item) => world.reading(() => compileValue(item, target, world)));
  const values = compiled.map(({ made }) => made);
  if (!values.every((value) => value !== undefined)) return undefined;
  const reads = compiled.map((one) => one.reads);
  return firstOf(values, target, reads);
}

/** @param reads what each reads */
function firstOf(values: readonly Value[], target: Target, reads: readonly Reads[]): Value {
  const types = [...new Set(values.flatMap((value) => value.types))];
  const dynamic = types.length > 1;
  const many = target.array && values.some((value) => value.many);
  const asked = planned<undefined, unknown>(
    values.map((value) => (dynamic ? typedBy(value) : value.get)),
    reads,
  );
  return {
    types,
    many,
    constant: values.every((value) => value.constant),
    get(run: Run) {
      let absent: Absent | undefined;
      for (const get of asked(run)) {
        const made = get(run, undefined);
        if (made === undefined || (Array.isArray(made) && made.length === 0)) continue;
        if (!(made instanceof Absent)) return many && !Array.isArray(made) ? [made] : made;
        absent ??= made;
      }
      return absent;
    },
  };
}

/** Where several types are possible, a value says which it is of. */
function typedBy({ get, types: [type] }: Value): (run: Run) => unknown {
  return (run) => {
    const made = get(run);
    if (made === undefined || made instanceof Typed || made instanceof Absent) return made;
    return Array.isArray(made) && made.length === 0 ? made : new Typed(type!, made);
  };
}

function compileMap(node: MapNode, target: Target, world: World): Value | undefined {
  const then = entryOf(node.entries, 'then');
  if (then) return compileChoice(node, then, target, world);
  return compileObject(node, target, world);
}

/** `{ if, then, else }` */
function compileChoice(node: MapNode, then: Entry, target: Target, world: World): Value | undefined {
  const [test, otherwise] = [entryOf(node.entries, 'if'), entryOf(node.entries, 'else')];
  for (const { key, at } of node.entries)
    if (!['if', 'then', 'else'].includes(key))
      world.problems.add(at, `beside then stand if and else, not ${key}`, 'write { if: …, then: …, else: … }');
  if (!test) {
    world.problems.add(node.at, 'then stands without if', 'write { if: …, then: …, else: … }');
    return undefined;
  }
  const yes = world.reading(() => compileGuarded(test.value, then.value, target, world));
  const no = otherwise && world.reading(() => compileValue(otherwise.value, target, world));
  if (!yes.made || (no && !no.made)) return undefined;
  const { guarded, constant } = yes.made;
  const chosen = no?.made ? firstOf([guarded, no.made], target, [yes.reads, no.reads]) : guarded;
  return traced({ ...chosen, constant: constant && no?.made?.constant === true }, node, world);
}

/** `constant` tells of the value itself. */
function compileGuarded(
  test: Node,
  then: Node,
  target: Target,
  world: World,
): { readonly guarded: Value; readonly constant: boolean } | undefined {
  const { holds } = world.condition(test);
  const value = compileValue(then, target, world);
  if (!value) return undefined;
  const { get, constant } = value;
  return { guarded: { ...value, constant: false, get: (run) => (holds(run) ? get(run) : undefined) }, constant };
}
