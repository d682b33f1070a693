/** Compiles values that a converter reads. */
import { compileArgs } from './arguments.ts';
import { CONVERTERS, defaultConverter } from './convert/index.ts';
import type { Convert, Converter } from './convert/spec.ts';
import { compileFrom, type From, joined } from './from.ts';
import { rememberField } from './memory.ts';
import { didYouMean } from './problems.ts';
import { Absent } from './run.ts';
import { codesOf, note, type Target, traced, type Value } from './value.ts';
import type { World } from './world.ts';
import type { Entry, Node } from './yaml.ts';

/** @param options without `from`, `if` and `of` */
export function compileConverter(
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
  const alone = addresses.every((one) => one.addresses.length === 0);
  const kept = alone && converter.recurs ? rememberField(convert, converter.recurs === 'between', MANY_TURNS) : convert;
  const joins = name === 'text' && (join !== undefined || !target.array);
  const joining = lines
    ? { between: '\n', raw: true }
    : joins
      ? { between: args.literal('join') ?? ' ', raw: args.flag('raw') }
      : undefined;
  const base = { types: chosen, constant: read.length === 0 || read.every((one) => one.constant) };
  const nothing = isNothing(name, converter, options, addresses);
  return traced({ ...base, ...reading(from, kept, nothing, joining) }, node, world);
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
const MANY_TURNS = 64;

/** Where the source says why there is no value, so does the element. */
function orAbsent(convert: Convert): Convert {
  return (run, field) => {
    const made = convert(run, field);
    if (made !== undefined || !field) return made;
    const reason = run.native.absent?.(field);
    return reason === undefined ? undefined : new Absent(reason);
  };
}

/** Options of a code that give nothing by themselves. */
const OF_CODES = new Set(['map', 'system', 'version', 'table']);

/** True where an absent field surely gives nothing, and nothing else would have been read for it. */
function isNothing(name: string, converter: Converter, options: readonly Entry[], read: readonly From[]): boolean {
  if (converter.dynamic) return false;
  if (converter.from === 'required' || options.length === 0) return true;
  const ofCode = name === 'code' || name === 'coding';
  return ofCode && options.every(({ key }) => OF_CODES.has(key)) && read.every((one) => one.addresses.length === 0);
}

function reading(
  from: From | undefined,
  convert: Convert,
  nothing: boolean,
  join: { readonly between: string; readonly raw: boolean } | undefined,
): Pick<Value, 'many' | 'get'> {
  if (!from) return { many: false, get: (run) => convert(run, undefined) };
  if (!from.many) {
    const { one, present } = from;
    // Most rules of a map meet fields that are not there.
    if (!nothing || !present) return { many: false, get: (run) => convert(run, one(run)) };
    return {
      many: false,
      get: (run) => {
        const field = present(run.scope);
        return field && convert(run, field);
      },
    };
  }
  if (join !== undefined)
    return { many: false, get: (run) => convert(run, joined(from.all(run), join.between, join.raw)) };
  return {
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
