/** HL7 v2 messages: `PID-5.1`, `OBX-5[*]`, segments and groups. */
import type { Draft } from '../../draft.ts';
import { attachment } from '../../hl7v2/attachment.ts';
import { authoritySystem, codedValue, cx, ei, xad, xpn, xtn } from '../../hl7v2/datatypes.ts';
import { Message, readMessage } from '../../hl7v2/reader/message.ts';
import { Segment } from '../../hl7v2/reader/segment.ts';
import { Value } from '../../hl7v2/reader/value.ts';
import { Scope as MessageScope } from '../../hl7v2/scope.ts';
import { eventOf } from '../../hl7v2/structure/event.ts';
import { Group } from '../../hl7v2/structure/group.ts';
import { structureIssues, structureOf } from '../../hl7v2/structure/index.ts';
import { writtenOffset } from '../../shared/datetime.ts';
import type { Unit } from '../../shared/result.ts';
import { didYouMean } from '../problems.ts';
import {
  type Address,
  type AddressFault,
  type Field,
  type Native,
  type Opened,
  outer,
  type Scope,
  type SourceFormat,
  type SourceSetup,
  steps,
} from './format.ts';
import { groupSegments } from './hl7v2-groups.ts';

const CONTENT_TYPE = 'x-application/hl7-v2+er7';
/** Read by the engine itself: type, control id, processing id, version, character set; set ids, whose order the segments keep. */
const HEADER_FIELDS = [9, 10, 11, 12, 18];
const NUMBERED = new Set(['PID', 'PV1', 'NK1', 'AL1', 'DG1', 'IN1', 'OBR', 'OBX', 'NTE', 'SPM']);

class ValueField implements Field {
  readonly origin: Value;

  constructor(value: Value) {
    this.origin = value;
  }

  get place(): string {
    return this.origin.place;
  }

  get isNull(): boolean {
    return this.origin.isNull;
  }

  text(): string | undefined {
    return this.origin.trimmed;
  }

  raw(): string | undefined {
    return this.origin.whole;
  }

  consume(): void {
    this.origin.use();
  }

  equals(other: Field): boolean {
    return other.origin instanceof Value && other.origin.raw === this.origin.raw;
  }

  parts(): string[] {
    return this.origin.parts().map((part) => part.trimmed ?? '');
  }
}

/** Segment or group, and which of them; a segment without a number is the first. */
const HEAD = /^(?:([A-Z][A-Z0-9]{2})|([a-z][A-Za-z0-9]*))(?:\[(\*|[1-9]\d{0,3})\])?/;
const TAIL = /^-([1-9]\d{0,2})(?:\[(\*|[1-9]\d{0,3})\])?((?:\.[1-9]\d{0,2}){0,2})$/;
const PART = /^(?:\.[1-9]\d{0,2}){1,2}$/;

function address(text: string, setup: SourceSetup): Address | AddressFault {
  const { up, rest } = steps(text);
  if (rest === '.' || PART.test(rest)) return partAddress(text, up, rest === '.' ? [] : numbers(rest));
  const head = HEAD.exec(rest);
  if (!head) return malformed(rest);
  const [whole, segment, group, index] = head;
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
  if (tail === '') return segmentAddress(text, up, segment!, index);
  const field = TAIL.exec(tail);
  if (!field) return malformed(tail);
  return fieldAddress(text, up, segment!, index, Number(field[1]), field[2], numbers(field[3]!));
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

function partOf(value: Value, parts: readonly number[]): ValueField {
  let here = value;
  for (const part of parts) here = here.part(part);
  return new ValueField(here);
}

/** `$.4.2`: of the repetition that the loop is at. */
function partAddress(text: string, up: number | 'top', parts: readonly number[]): Address {
  const items = (scope: Scope) => [(up === 0 ? scope : outer(scope, up)).item];
  return {
    text: `$${text}`,
    many: false,
    of: 'field',
    fields: (scope) =>
      items(scope).flatMap((item) =>
        item instanceof ValueField ? [partOf(item.origin, parts)] : isField(item) && parts.length === 0 ? [item] : [],
      ),
    items,
  };
}

function isField(item: unknown): item is Field {
  return typeof item === 'object' && item !== null && 'place' in item && 'raw' in item;
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
  return { text: `$${text}`, many, of: 'item', fields: () => [], items };
}

/** The loop's own segment of this name, else those of the current group, else of the ones around it. */
function segmentsAt(scope: Scope, name: string, index: string | undefined): Segment[] {
  for (let at: Scope | null = scope; at; at = at.parent) {
    const { item } = at;
    if (item instanceof Segment && item.name === name && index === undefined) return [item];
    if (!(item instanceof Group)) continue;
    if (index === undefined) {
      const first = item.segments.find((segment) => segment.name === name);
      if (first) return [first];
      continue;
    }
    const found = item.segments.filter((segment) => segment.name === name);
    // All segments of a name are those of this group: a note on the order is none on its results.
    if (index === '*') return found;
    if (found.length > 0) return found.slice(Number(index) - 1, Number(index));
  }
  return [];
}

function segmentAddress(text: string, up: number | 'top', name: string, index: string | undefined): Address {
  const items = (scope: Scope) => segmentsAt(outer(scope, up), name, index);
  return { text: `$${text}`, many: index === '*', of: 'item', fields: () => [], items };
}

function fieldAddress(
  text: string,
  up: number | 'top',
  name: string,
  index: string | undefined,
  number: number,
  repetition: string | undefined,
  parts: readonly number[],
): Address {
  if (index !== '*' && repetition === undefined) {
    const first = (scope: Scope): ValueField[] => {
      const segment = segmentsAt(up === 0 ? scope : outer(scope, up), name, index)[0];
      return segment ? [partOf(segment.field(number), parts)] : [];
    };
    return { text: `$${text}`, many: false, of: 'field', fields: first, items: first };
  }
  const fields = (scope: Scope): ValueField[] =>
    segmentsAt(up === 0 ? scope : outer(scope, up), name, index).flatMap((segment) => {
      if (repetition === '*') return segment.all(number).map((value) => partOf(value, parts));
      if (repetition === undefined) return [partOf(segment.field(number), parts)];
      const value = segment
        .all(number)
        .find((one) => one.place.endsWith(repetition === '1' ? `-${number}` : `[${repetition}]`));
      return value ? [partOf(value, parts)] : [];
    });
  return { text: `$${text}`, many: index === '*' || repetition === '*', of: 'field', fields, items: fields };
}

/** Id of a person in XCN (v2.9 §2A.3.86): components 1, 9 and 13. */
function person(scope: MessageScope, value: Value): fhir4.Identifier | undefined {
  const id = value.part(1).trimmed;
  if (id === undefined) return undefined;
  const system = authoritySystem(scope, value.part(9));
  const type = value.part(13).trimmed;
  return {
    ...(type ? { type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: type }] } } : {}),
    ...(system ? { system } : {}),
    value: id,
  };
}

/** Id of an organization in XON (§2A.3.87): components 10 and 6. */
function institution(scope: MessageScope, value: Value): fhir4.Identifier | undefined {
  const id = value.part(10).trimmed;
  if (id === undefined) return undefined;
  const system = authoritySystem(scope, value.part(6));
  return { ...(system ? { system } : {}), value: id };
}

/** OBX-6 as unit: with its code where the sender says that it is UCUM. */
function unitOf(scope: MessageScope, value: Value): Unit | undefined {
  const coded = codedValue(scope, value);
  const ucum = coded?.coding?.find((coding) => coding.system === 'http://unitsofmeasure.org');
  const shown = coded?.text ?? coded?.coding?.[0]?.display ?? coded?.coding?.[0]?.code;
  return { unit: shown, ...(ucum ? { system: ucum.system, code: ucum.code } : {}) };
}

function nativeOf(scope: MessageScope): Native {
  const value = (field: Field) => (field.origin instanceof Value ? field.origin : undefined);
  return {
    code: (field, table) => (value(field) ? codedValue(scope, value(field)!, table) : undefined),
    identifier: (field, as) => {
      const sent = value(field);
      if (!sent) return undefined;
      if (as === 'XCN') return person(scope, sent);
      if (as === 'XON') return institution(scope, sent);
      return as === 'EI' ? ei(scope, sent) : cx(scope, sent);
    },
    name: (field, as) => {
      const sent = value(field);
      if (!sent) return undefined;
      return as === 'XCN' ? xpn(scope, sent, 2, { type: 10, representation: 15 }) : xpn(scope, sent);
    },
    address: (field) => (value(field) ? xad(value(field)!) : undefined),
    telecom: (field, use) => (value(field) ? xtn(value(field)!, use) : undefined),
    attachment: (field, kind) => (value(field) ? attachment(value(field)!, kind === 'RP') : undefined),
    unit: (field) => (value(field)?.isPopulated ? unitOf(scope, value(field)!) : undefined),
    tellsZone: true,
    zone: writtenOffset(scope.message.header.field(7).text ?? ''),
  };
}

export const hl7v2: SourceFormat = {
  kind: 'hl7v2',
  address,
  open({ bytes, read }, context, draft: Draft, setup): Opened {
    const message = read instanceof Message ? read : readMessage(bytes, context.charset);
    message.open(draft.sources, (place) =>
      draft.issue('warning', 'field.invalid', place, 'control characters were left out'),
    );
    for (const { code, place, detail } of message.issues) draft.issue('warning', code, place, detail);
    const structure = setup.structure ?? structureOf(eventOf(message.segments));
    const { root, ...found } = groupSegments(message.segments, structure, setup.groups);
    if (structure)
      for (const { severity, code, path, detail } of structureIssues(structure.name, found))
        draft.issue(severity, code, path, detail);
    for (const number of HEADER_FIELDS) for (const value of message.header.all(number)) value.use();
    for (const segment of message.segments) if (NUMBERED.has(segment.name)) segment.field(1).use();
    message.first('EVN')?.field(1).use();
    return {
      root,
      native: nativeOf(new MessageScope(draft, message)),
      see: () => draft.sources.account(message),
      keep: () => ({ contentType: CONTENT_TYPE, bytes }),
    };
  },
  matchKeys: ['message'],
  matches(root, _key, values) {
    const { type, event, structure } = eventOf((root as Group).segments);
    const names = [type, `${type}^${event}`, `${type}_${event}`, structure];
    return values.some((value) => names.includes(value));
  },
};
