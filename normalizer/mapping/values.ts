/** Compiles the values of elements: literals, texts, addresses, converters, alternatives, objects. */
import { primitiveFault } from '../gate/primitives.ts';
import { compileArgs } from './arguments.ts';
import { CONVERTERS, defaultConverter } from './convert/index.ts';
import type { Convert, Converter } from './convert/spec.ts';
import { compileFhirPath } from './fhirpath.ts';
import { fragmentUse, withFragment } from './fragments.ts';
import { compileFrom, type From, isAddress, joined } from './from.ts';
import { literalOf } from './literals.ts';
import { compileLoop } from './loops.ts';
import { compileObject } from './members.ts';
import { rememberField } from './memory.ts';
import { didYouMean } from './problems.ts';
import { compileReference } from './references.ts';
import { Absent, type Run, Typed } from './run.ts';
import { entryOf } from './sources/format.ts';
import { isTemplate } from './template.ts';
import { constantValue, type Target, traced, type Value } from './value.ts';
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
  if (!isTemplate(node.text)) return literal(node.text, node, target, world);
  const before = world.problems.count;
  const template = world.template(node.text, node.at);
  if (world.problems.count > before) return undefined;
  if (template.literal !== undefined) return literal(template.literal, node, target, world);
  const type = target.allowed.find((one) =>
    ['string', 'uri', 'code', 'id', 'canonical', 'url', 'markdown'].includes(one),
  );
  if (!type) return complex(node, target, world);
  note(
    node,
    target,
    world,
    template.addresses.map(({ text }) => text),
    'text',
  );
  return traced({ types: [type], many: false, constant: template.addresses.length === 0, get: template.text }, node);
}

/** A text of the map, checked now as the gate would check it later. */
function literal(text: string, node: Node, target: Target, world: World): Value | undefined {
  const primitive = target.allowed.filter((type) => /^[a-z]/.test(type) && type !== 'xhtml');
  if (primitive.length === 0) return complex(node, target, world);
  const fitting = primitive.filter((type) => primitiveFault(type, literalOf(type, text)) === undefined);
  const chosen = choose(fitting, text);
  if (chosen === undefined) {
    const why =
      primitive.length === 1 ? primitiveFault(primitive[0]!, literalOf(primitive[0]!, text)) : 'fits none of its types';
    world.problems.add(
      node.at,
      `${target.path} is a ${primitive.join(' or ')}: "${text.slice(0, 40)}" ${why}`,
      'correct the value',
    );
    return undefined;
  }
  const codes = codesOf(target, chosen);
  if (codes && !codes.codes.has(text)) {
    world.problems.add(
      node.at,
      `${text.slice(0, 40)} is no code of ${target.path}`,
      didYouMean(text, codes.codes, 'codes'),
    );
    return undefined;
  }
  note(node, target, world, [], '', text);
  return constantValue([chosen], literalOf(chosen, text));
}

/** In a choice, words are text and `true` is a boolean; a number could be several types. */
function choose(fitting: readonly string[], text: string): string | undefined {
  if (fitting.length <= 1) return fitting[0];
  if (/^(true|false)$/.test(text) && fitting.includes('boolean')) return 'boolean';
  return ['string', 'code', 'uri', 'markdown'].find((type) => fitting.includes(type)) ?? fitting[0];
}

function complex(node: Node, target: Target, world: World): undefined {
  const types = target.allowed.join(' or ');
  const example = target.allowed.includes('CodeableConcept')
    ? '{ text: … } or !code { system: …, value: … }'
    : '{ … } with its parts';
  world.problems.add(node.at, `${target.path} is a ${types}, not a text`, `write ${example}`);
  return undefined;
}

function codesOf(target: Target, type: string) {
  return target.element?.properties.get(type)?.property.codes;
}

function compileTagged(node: Node, tag: string, target: Target, world: World): Value | undefined {
  switch (tag) {
    case 'firstOf':
      return compileFirst(node, target, world);
    case 'literal':
      return node.kind === 'scalar' ? literal(node.text, node, target, world) : literal('', node, target, world);
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
  return guarded && of ? ofItems(of.value, guarded, target, world) : guarded;
}

function untagged(node: Node): Node {
  const { tag: _tag, ...rest } = node;
  return rest as Node;
}

/** `of: $NTE[*]`: read once for each of these items. */
function ofItems(of: Node, value: Value, target: Target, world: World): Value | undefined {
  if (!target.array) {
    world.problems.add(of.at, `${target.path} takes one value; of would make several`, 'leave of out');
    return undefined;
  }
  const loop = compileLoop(of, world);
  if (!loop) return undefined;
  return {
    ...value,
    many: true,
    constant: false,
    get: (run) => {
      const made: unknown[] = [];
      loop(run, () => {
        const one = value.get(run);
        if (Array.isArray(one)) made.push(...one);
        else if (one !== undefined) made.push(one);
      });
      return made;
    },
  };
}

/** `if` within a tagged object. */
function conditional(node: Node, value: Value, world: World): Value {
  const entry = node.kind === 'map' ? entryOf(node.entries, 'if') : undefined;
  if (!entry) return value;
  const condition = world.condition(entry.value);
  return { ...value, constant: false, get: (run) => (condition.holds(run) ? value.get(run) : undefined) };
}

function compileConverter(
  name: string,
  fromNode: Node | undefined,
  options: readonly Entry[],
  node: Node,
  target: Target,
  world: World,
): Value | undefined {
  const converter = CONVERTERS.get(name)!;
  const types = converter.types.filter((type) => target.allowed.includes(type));
  if (types.length === 0) {
    const makes = converter.types.join(' or ');
    const own = [...new Set(target.allowed.map(defaultConverter))].filter((one) => one !== undefined);
    world.problems.add(
      node.at,
      `!${name} makes ${makes}, but ${target.path} is a ${target.allowed.join(' or ')}`,
      own.length > 0 ? `write !${own.join(' or !')}` : 'write its parts as { … }',
    );
    return undefined;
  }
  if (!fromNode && (converter.from === 'required' || options.length === 0)) {
    world.problems.add(
      node.at,
      `!${name} reads nothing`,
      `write !${name} $ADDRESS, or from: $ADDRESS among its options`,
    );
    return undefined;
  }
  if (name === 'period' && fromNode && world.source !== 'cda') {
    world.problems.add(
      fromNode.at,
      'only intervals of CDA are read as a whole Period',
      'write { start: $FROM, end: $TO }',
    );
    return undefined;
  }
  const join = options.find(({ key }) => key === 'join')?.value;
  const from = fromNode && compileFrom(fromNode, world, join?.kind === 'scalar' ? join.text : ' ');
  if (fromNode && !from) return undefined;
  const required = codesOf(target, types[0]!);
  const { args, addresses } = compileArgs(name, converter, options, { allowed: types, required }, world);
  checkTargets(name, options, target, types[0]!, args.codes('map'), world);
  // The text of a document is its lines.
  const lines = name === 'attachment' && args.literal('encoding') === 'text';
  if (from?.many && !target.array && name !== 'text' && !lines) {
    world.problems.add(
      node.at,
      `${target.path} takes one value, ${from.addresses[0]?.text} gives several`,
      'leave [*] out, or loop with each',
    );
    return undefined;
  }
  const read = [...(from ? [from] : []), ...addresses];
  note(
    node,
    target,
    world,
    read.flatMap((one) => one.addresses.map(({ text }) => text)),
    name,
  );
  const chosen = converter.dynamic ? types : types.slice(0, 1);
  const made = converter.compile(args, chosen[0]!);
  const plain = target.element?.properties.get(chosen[0]!)?.property.simple ? withoutComparator(made) : made;
  // A list without this value says the same; an element that takes one says why it has none.
  const convert = target.element && !target.array ? orAbsent(plain) : plain;
  // What options read from the item would not be in the content of the field.
  const kept = addresses.every((one) => one.addresses.length === 0) ? rememberedInLoops(convert) : convert;
  const joins = name === 'text' && (join !== undefined || !target.array);
  const joined = lines
    ? { between: '\n', raw: true }
    : joins
      ? { between: args.literal('join') ?? ' ', raw: args.flag('raw') }
      : undefined;
  return traced(reading(converter, chosen, from, read, kept, joined), node);
}

/** SimpleQuantity has no room for `<5`, and 5 alone would say something else. */
function withoutComparator(convert: Convert): Convert {
  return (run, field) => {
    const made = convert(run, field) as fhir4.Quantity | undefined;
    if (made?.comparator === undefined) return made;
    return run.issue('warning', 'field.invalid', field?.place ?? '', 'the element takes a number without a comparator');
  };
}

/** Turns of loops from which on looking a value up is worth its while. */
const MANY_TURNS = 16;

function rememberedInLoops(convert: Convert): Convert {
  const remembered = rememberField(convert);
  return (run, field) => (field && run.turns > MANY_TURNS ? remembered(run, field) : convert(run, field));
}

/** Where the source says why there is no value, so does the element. */
function orAbsent(convert: Convert): Convert {
  return (run, field) => {
    const made = convert(run, field);
    if (made !== undefined || !field) return made;
    const reason = run.native.absent?.(field);
    return reason === undefined ? undefined : new Absent(reason);
  };
}

function reading(
  converter: Converter,
  types: readonly string[],
  from: From | undefined,
  read: readonly From[],
  convert: ReturnType<Converter['compile']>,
  join: { readonly between: string; readonly raw: boolean } | undefined,
): Value {
  const constant = read.length === 0 || read.every((one) => one.constant);
  const base = { types: converter.dynamic ? types : types.slice(0, 1), constant };
  if (!from) return { ...base, many: false, get: (run) => convert(run, undefined) };
  if (!from.many) return { ...base, many: false, get: (run) => convert(run, from.one(run)) };
  if (join !== undefined)
    return { ...base, many: false, get: (run) => convert(run, joined(from.all(run), join.between, join.raw)) };
  return {
    ...base,
    many: true,
    get: (run) => {
      const made: unknown[] = [];
      for (const field of from.all(run)) {
        const one = convert(run, field);
        if (one !== undefined) made.push(one);
      }
      return made;
    },
  };
}

/** Every target of a code map must be a code that the element takes. */
function checkTargets(
  name: string,
  options: readonly Entry[],
  target: Target,
  type: string,
  map: { entries(): Iterable<[string, { code: string; system?: string }[]]> } | undefined,
  world: World,
): void {
  const codes = codesOf(target, type);
  if (!codes || (name !== 'code' && name !== 'coding')) return;
  const at = options.find(({ key }) => key === 'map')?.value.at;
  const good = (code: string, system: string | undefined) =>
    type === 'code' ? codes.codes.has(code) : codes.codings.has(`${system}|${code}`);
  for (const [source, targets] of map?.entries() ?? []) {
    const bad = targets.find(({ code, system }) => !good(code, system));
    if (!bad || !at) continue;
    world.problems.add(
      at,
      `the code map gives ${bad.code} for "${source.slice(0, 20)}", which is no code of ${target.path}`,
      didYouMean(bad.code, codes.codes, 'codes'),
    );
    return;
  }
  for (const key of ['default', 'value']) {
    const entry = options.find((one) => one.key === key);
    if (
      type !== 'code' ||
      entry?.value.kind !== 'scalar' ||
      entry.value.text.includes('$') ||
      codes.codes.has(entry.value.text)
    )
      continue;
    world.problems.add(
      entry.value.at,
      `${entry.value.text} is no code of ${target.path}`,
      didYouMean(entry.value.text, codes.codes, 'codes'),
    );
  }
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
  return firstOf(
    (node as ListNode).items.map((item) => compileValue(item, target, world)),
    target,
  );
}

function firstOf(compiled: readonly (Value | undefined)[], target: Target): Value | undefined {
  const values = compiled.filter((value) => value !== undefined);
  if (values.length < compiled.length) return undefined;
  const types = [...new Set(values.flatMap((value) => value.types))];
  const dynamic = types.length > 1;
  const many = target.array && values.some((value) => value.many);
  return {
    types,
    many,
    constant: values.every((value) => value.constant),
    get(run: Run) {
      let absent: Absent | undefined;
      for (const value of values) {
        const made = value.get(run);
        if (made === undefined || (Array.isArray(made) && made.length === 0)) continue;
        if (made instanceof Absent) {
          absent ??= made;
          continue;
        }
        const typed = dynamic && !(made instanceof Typed) ? new Typed(value.types[0]!, made) : made;
        return many && !Array.isArray(typed) ? [typed] : typed;
      }
      return absent;
    },
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
  const condition = world.condition(test.value);
  const yes = compileValue(then.value, target, world);
  const no = otherwise ? compileValue(otherwise.value, target, world) : constantValue([], undefined);
  if (!yes || !no) return undefined;
  const guarded = { ...yes, constant: false, get: (run: Run) => (condition.holds(run) ? yes.get(run) : undefined) };
  return traced(
    { ...firstOf([guarded, no], target)!, constant: otherwise !== undefined && yes.constant && no.constant },
    node,
  );
}

/** Remembers what goes where, for the page of `dhc map docs`. */
function note(
  node: Node,
  target: Target,
  world: World,
  addresses: readonly string[],
  converter: string,
  text?: string,
): void {
  world.outline.push({
    resource: target.at.resource,
    element: target.path,
    addresses: [...new Set(addresses)],
    converter,
    ...(text === undefined ? {} : { literal: text }),
    file: node.at.file,
    line: node.at.line,
  });
}
