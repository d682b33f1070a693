/** Addresses of HL7 v2: `PID-5.1`, `OBX-5[*]`, segments and groups. Their numbers are known when the map is compiled. */
import { segmentName } from '../../hl7v2/reader/names.ts';
import { Segment } from '../../hl7v2/reader/segment.ts';
import { Value } from '../../hl7v2/reader/value.ts';
import { Group } from '../../hl7v2/structure/group.ts';
import { didYouMean } from '../problems.ts';
import { type Address, type AddressFault, type Field, outer, type Scope, type SourceSetup, steps } from './format.ts';
import { isNobodys, SegmentFields } from './hl7v2-fields.ts';

const NOTHING: readonly never[] = [];

/** Segment or group, and which of them; a segment without a number is the first. */
const HEAD = /^(?:([A-Z][A-Z0-9]{2})|([a-z][A-Za-z0-9]*))(?:\[(\*|[1-9]\d{0,3})\])?/;
const TAIL = /^-([1-9]\d{0,2})(?:\[(\*|[1-9]\d{0,3})\])?((?:\.[1-9]\d{0,2}){0,2})$/;
const PART = /^(?:\.[1-9]\d{0,2}){1,2}$/;

/** Of several: one by its number, or all; the first where nothing is said. */
type Index = number | 'all' | undefined;

export function hl7v2Address(text: string, setup: SourceSetup): Address | AddressFault {
  const { up, rest } = steps(text);
  if (rest === '.' || PART.test(rest)) return partAddress(text, up, rest === '.' ? [] : numbers(rest));
  const head = HEAD.exec(rest);
  if (!head) return malformed(rest);
  const [whole, written, group, index] = head;
  const segment = written === undefined ? undefined : segmentName(written);
  const tail = rest.slice(whole.length);
  if (group !== undefined) {
    const names = setup.groups.map((rule) => rule.name);
    if (!names.includes(group))
      return /^[a-z][a-z0-9]{2}$/.test(group)
        ? { message: `segments are written in capitals: ${group.toUpperCase()}`, hint: `write $${group.toUpperCase()}` }
        : { message: `there is no group ${group}`, hint: didYouMean(group, names, 'groups') };
    if (tail !== '') return { message: 'a group has no fields', hint: `write $SEG-1 within each: $${group}[*]` };
    return groupAddress(text, up, group, index === '*');
  }
  if (tail === '') return segmentAddress(text, up, segment!, indexOf(index));
  const field = TAIL.exec(tail);
  if (!field) return malformed(tail);
  const place = { number: Number(field[1]), repetition: indexOf(field[2]), parts: numbers(field[3]!) };
  return fieldAddress(text, up, segment!, indexOf(index), place);
}

function malformed(rest: string): AddressFault {
  return {
    message: `the address cannot be read at "${rest.slice(0, 20)}"`,
    hint: 'write $PID-5.1, $PID-3[*], $PID-3[2].4.2',
  };
}

function numbers(parts: string): number[] {
  return parts.split('.').filter(Boolean).map(Number);
}

function indexOf(written: string | undefined): Index {
  return written === undefined ? undefined : written === '*' ? 'all' : Number(written);
}

function partOf(value: Value, parts: readonly number[]): Value {
  let here = value;
  for (const part of parts) here = here.part(part);
  return here;
}

/** `$.4.2`: of the repetition that the loop is at. */
function partAddress(text: string, up: number | 'top', parts: readonly number[]): Address {
  const one = (scope: Scope): Field | undefined => {
    const { item } = up === 0 ? scope : outer(scope, up);
    if (item instanceof Value) return partOf(item, parts);
    return isField(item) && parts.length === 0 ? item : undefined;
  };
  const fields = (scope: Scope) => listOf(one(scope));
  const present = (scope: Scope): Field | undefined => {
    const { item } = up === 0 ? scope : outer(scope, up);
    return item instanceof Value ? item.present(parts) : one(scope);
  };
  // `of: $.4` goes on with the part, `$.` with the item itself.
  const items = parts.length > 0 ? fields : (scope: Scope) => [outer(scope, up).item];
  return {
    text: `$${text}`,
    many: false,
    of: 'field',
    one,
    fields,
    present,
    items,
    vacant: (scope) => !(outer(scope, up).item instanceof Value),
    ...(up === 0 ? { depends: 'item' } : {}),
  };
}

function isField(item: unknown): item is Field {
  return typeof item === 'object' && item !== null && 'place' in item && 'raw' in item;
}

function listOf<T>(one: T | undefined): readonly T[] {
  return one === undefined ? NOTHING : [one];
}

function groupAddress(text: string, up: number | 'top', name: string, many: boolean): Address {
  const items = (scope: Scope): Group[] => {
    for (let at: Scope | null = outer(scope, up); at; at = at.parent) {
      const found = at.item instanceof Group ? at.item.below(name) : [];
      if (found.length > 0) return many ? found : found.slice(0, 1);
      // A group that may stand here and does not is not looked for further out.
      if (at.item instanceof Group) return [];
    }
    return [];
  };
  return { text: `$${text}`, many, of: 'item', fields: () => NOTHING, items, vacant: hasNone(items) };
}

function hasNone(items: Address['items']): (scope: Scope) => boolean {
  return (scope) => items(scope).length === 0;
}

/** The loop's own segment of this name, else the first of the current group, else of the ones around it. */
function segmentAt(scope: Scope, name: string): Segment | undefined {
  for (let at: Scope | null = scope; at; at = at.parent) {
    const { item } = at;
    if (item instanceof Group) {
      const first = item.first(name);
      if (first) return first;
    } else if (item instanceof Segment && item.name === name) return item;
  }
  return undefined;
}

export function fieldsOf(scope: Scope, name: string, numbers: readonly number[]): SegmentFields | undefined {
  const segment = segmentAt(scope, name);
  return segment && new SegmentFields(segment, numbers);
}

export function holderOf(scope: Scope, segments: readonly string[]): Scope {
  let at = scope;
  while (at.parent && !holdsOneOf(at.item, segments)) at = at.parent;
  return at;
}

function holdsOneOf(item: unknown, segments: readonly string[]): boolean {
  if (item instanceof Segment) return segments.includes(item.name);
  if (!(item instanceof Group)) return false;
  for (const name of segments) if (item.first(name)) return true;
  return false;
}

function segmentsAt(scope: Scope, name: string, index: Index): readonly Segment[] {
  if (index === undefined) return listOf(segmentAt(scope, name));
  for (let at: Scope | null = scope; at; at = at.parent) {
    if (!(at.item instanceof Group)) continue;
    const found = at.item.all(name);
    // All segments of a name are those of this group: a note on the order is none on its results.
    if (index === 'all') return found;
    if (found.length > 0) return found.slice(index - 1, index);
  }
  return NOTHING;
}

function segmentAddress(text: string, up: number | 'top', name: string, index: Index): Address {
  const items = (scope: Scope) => segmentsAt(outer(scope, up), name, index);
  return { text: `$${text}`, many: index === 'all', of: 'item', fields: () => NOTHING, items, vacant: hasNone(items) };
}

interface Place {
  readonly number: number;
  readonly repetition: Index;
  readonly parts: readonly number[];
}

function fieldAddress(text: string, up: number | 'top', name: string, index: Index, place: Place): Address {
  const { number, repetition, parts } = place;
  const base = {
    text: `$${text}`,
    many: index === 'all' || repetition === 'all',
    of: 'field',
    ...(up === 0 && index === undefined && isNobodys(name, number) ? { nobodys: { segment: name, number } } : {}),
    vacant: (scope: Scope) => segmentsAt(outer(scope, up), name, index).every((segment) => segment.isVacant(number)),
  } as const;
  if (index === undefined && repetition === undefined) {
    const one = (scope: Scope): Value | undefined => {
      const segment = segmentAt(up === 0 ? scope : outer(scope, up), name);
      return segment && partOf(segment.field(number), parts);
    };
    const fields = (scope: Scope) => listOf(one(scope));
    const present = (scope: Scope): Value | undefined =>
      segmentAt(up === 0 ? scope : outer(scope, up), name)?.present(number, parts);
    return { ...base, one, fields, present, items: fields, ...(up === 0 ? { depends: { segment: name } } : {}) };
  }
  const fields = (scope: Scope): readonly Value[] => {
    let made: Value[] | undefined;
    for (const segment of segmentsAt(outer(scope, up), name, index))
      for (const value of repetitions(segment, number, repetition)) {
        const field = partOf(value, parts);
        if (made) made.push(field);
        else made = [field];
      }
    return made ?? NOTHING;
  };
  return { ...base, fields, items: fields };
}

function repetitions(segment: Segment, number: number, repetition: Index): readonly Value[] {
  if (repetition === 'all') return segment.all(number);
  return repetition === undefined ? [segment.field(number)] : listOf(segment.repetition(number, repetition));
}
