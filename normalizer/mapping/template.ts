/** Texts with `${constant}` and `${$ADDRESS}` in them. */
import type { Problems } from './problems.ts';
import { didYouMean, type Place } from './problems.ts';
import type { Run } from './run.ts';
import { type Address, type AddressFault, firstField, isFault } from './sources/format.ts';

export type TextOf = (run: Run) => string | undefined;

export interface Template {
  readonly text: TextOf;
  /** Where nothing of it depends on the item or the hospital. */
  readonly literal: string | undefined;
  readonly addresses: readonly Address[];
}

/** Known at run time only. */
const GIVEN: Readonly<Record<string, (run: Run) => string>> = {
  'hospital.id': (run) => run.draft.context.hospital.id,
  'hospital.name': (run) => run.draft.context.hospital.name,
  feed: (run) => run.draft.context.feed,
  sourceKey: (run) => {
    run.draft.peculiar += 1;
    return run.sourceKey;
  },
};

export interface TemplateWorld {
  readonly problems: Problems;
  readonly source: string;
  /** Undefined while it is being resolved: it names itself. */
  constant(name: string): Template | 'unknown' | 'cycle';
  readonly constantNames: readonly string[];
  address(text: string): Address | AddressFault;
}

export function isTemplate(text: string): boolean {
  return text.includes('${');
}

export function compileTemplate(text: string, at: Place, world: TemplateWorld): Template {
  const parts: (string | TextOf)[] = [];
  const addresses: Address[] = [];
  const put = (part: string | TextOf) => {
    if (typeof part === 'string' && typeof parts.at(-1) === 'string') parts.push((parts.pop() as string) + part);
    else parts.push(part);
  };
  let rest = text;
  while (rest !== '') {
    const start = rest.indexOf('${');
    if (start < 0) {
      put(rest);
      break;
    }
    if (start > 0) put(rest.slice(0, start));
    const end = closing(rest, start + 2);
    if (end < 0) {
      world.problems.add(at, 'a ${ is not closed', 'write ${name}');
      break;
    }
    put(partOf(rest.slice(start + 2, end).trim(), at, world, addresses));
    rest = rest.slice(end + 1);
  }
  const literal = parts.every((part) => typeof part === 'string') ? parts.join('') : undefined;
  return { literal, addresses, text: literal === undefined ? joined(parts) : () => literal };
}

function closing(text: string, from: number): number {
  let quoted = false;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '"') quoted = !quoted;
    else if (text[at] === '}' && !quoted) return at;
  }
  return -1;
}

function joined(parts: readonly (string | TextOf)[]): TextOf {
  return (run) => {
    let out = '';
    for (const part of parts) {
      const text = typeof part === 'string' ? part : part(run);
      if (text === undefined) return undefined;
      out += text;
    }
    return out;
  };
}

function partOf(name: string, at: Place, world: TemplateWorld, addresses: Address[]): string | TextOf {
  if (name.startsWith('$')) return addressPart(name.slice(1), at, world, addresses);
  if (name === 'patientSystem')
    return ({ draft: { context } }) =>
      context.hospital.patientSystem ?? `urn:dhc:${context.hospital.id}:${world.source}:${context.feed}:Patient`;
  if (Object.hasOwn(GIVEN, name)) return GIVEN[name]!;
  const constant = world.constant(name);
  if (constant === 'unknown') {
    const names = [...world.constantNames, ...Object.keys(GIVEN), 'patientSystem'];
    world.problems.add(at, `there is no constant ${name}`, didYouMean(name, names, 'constants'));
    return '';
  }
  if (constant === 'cycle') {
    world.problems.add(at, `the constant ${name} is made of itself`, 'break the circle');
    return '';
  }
  addresses.push(...constant.addresses);
  return constant.literal ?? constant.text;
}

function addressPart(text: string, at: Place, world: TemplateWorld, addresses: Address[]): string | TextOf {
  const address = world.address(text);
  if (isFault(address)) {
    world.problems.add(at, address.message, address.hint);
    return '';
  }
  if (address.of === 'item' || address.many) {
    world.problems.add(at, `${address.text} is not one value`, 'name one field');
    return '';
  }
  addresses.push(address);
  return (run) => firstField(address, run.scope)?.text();
}
