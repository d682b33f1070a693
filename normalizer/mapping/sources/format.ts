/** What the engine asks of a source format: addresses at compile time, an opened item at run time. */
import type { NormalizeContext, NormalizeInput } from '../../context.ts';
import type { Draft, KeptSource } from '../../draft.ts';
import type { Structure } from '../../hl7v2/structure/notation.ts';
import type { Unit } from '../../shared/result.ts';
import type { Entry } from '../yaml.ts';
import type { Shape, Shapes } from './shape.ts';

export const MAP_SOURCES = ['table', 'hl7v2', 'cda', 'xml', 'json', 'dicom'] as const;
export type MapSource = (typeof MAP_SOURCES)[number];

/** A populated or empty place of the source. Reading a text tells the coverage and the trace. */
export interface Field extends Recurring {
  /** Sent, but as an explicit null (HL7 v2 `""`). */
  readonly isNull: boolean;
  /** Trimmed; undefined where there is nothing or null. */
  text(): string | undefined;
  /** `text`, without counting it as read. */
  peek?(): string | undefined;
  /** Surely populated, as can be seen without reading it. */
  readonly isPlain?: boolean;
  /** Marks all of it as read: a code that was mapped says all that its display and its table do. */
  consume?(): void;
  /** Holds the same, to the letter; asking reads nothing. */
  equals?(other: Field): boolean;
  /** Decoded components, where the format has any. */
  parts?(): readonly string[];
  /** As it stands, decoded, with its delimiters; undefined where there is nothing or null. */
  raw(): string | undefined;
  /** What stands there; two fields of one level with the same content read alike. Only with `level` and `watch`. */
  readonly content?: string;
  /** What stands behind it in the reader of the format (a v2 Value, an XML element, a JSON value). */
  readonly origin: unknown;
}

/** What decides on what a rule makes, by its content: a field, or several. */
export interface Recurring {
  readonly place: string;
  readonly content?: string;
  readonly level?: number;
  /** Runs the work, and tells what it has read of this; undefined where it has read something else, too. */
  watch?<T>(work: () => T): { readonly made: T; readonly marks: ReadMarks | undefined };
}

/** What was read of a field, to be marked in others with the same content. */
export interface ReadMarks {
  applyTo(field: Recurring): void;
}

/** Where addresses are read from: the current item of the innermost loop, then those around it. */
export interface Scope {
  readonly item: unknown;
  readonly parent: Scope | null;
  /** As `Native.shape` has found it; null where there is none. */
  shape?: Shape | null | undefined;
  /** The same, where it was seen before. */
  known?: Shape | null | undefined;
}

export interface Address {
  /** As written, with `$`. */
  readonly text: string;
  /** All that decides what it gives, where that is known: the loop's item, or the nearest segment of a name. */
  readonly depends?: 'item' | { readonly segment: string };
  /** The field of the nearest segment of a name that it reads, where nothing of a patient stands in it. */
  readonly nobodys?: { readonly segment: string; readonly number: number };
  /** May give several fields: holds `[*]`. */
  readonly many: boolean;
  /** A field can be a value; segments and groups are for `each` only. */
  readonly of: 'field' | 'item';
  readonly fields: (scope: Scope) => readonly Field[];
  /** The first of `fields`, where the format has it without making the list; see `firstField`. */
  readonly one?: (scope: Scope) => Field | undefined;
  /** What `one` gives, where anything stands in it; asking reads nothing. */
  readonly present?: (scope: Scope) => Field | undefined;
  /** For `each`. */
  readonly items: (scope: Scope) => readonly unknown[];
  /** Nothing stands in the whole of its fields, whichever part it names; the same for all scopes of one shape. */
  readonly vacant?: (scope: Scope) => boolean;
}

export interface AddressFault {
  readonly message: string;
  readonly hint: string;
}

/** What the map says of its source besides addresses. */
export interface SourceSetup {
  /** HL7 v2: of the map's own; else that of the message's event. */
  readonly structure: Structure | undefined;
  readonly groups: readonly GroupRule[];
  /** Prefix → URI. */
  readonly namespaces: ReadonlyMap<string, string>;
}

export type GroupRule = StructureGroup | CutGroup;

/** Groups of the message structure, under a name of the map. */
export interface StructureGroup {
  readonly name: string;
  readonly of: readonly string[];
}

/** A group that the map cuts out of a message or group by its segments. */
export interface CutGroup {
  readonly name: string;
  readonly starts: string;
  readonly before: readonly string[];
  /** Groups that may hold it; empty: the message itself. */
  readonly within: readonly string[];
}

/** Data types that a format knows by itself; where one is missing the engine reads text. */
export interface Native {
  code?(field: Field, table: string | undefined): fhir4.CodeableConcept | undefined;
  identifier?(field: Field, as: string | undefined): fhir4.Identifier | undefined;
  name?(field: Field, as: string | undefined): fhir4.HumanName | undefined;
  address?(field: Field): fhir4.Address | undefined;
  telecom?(field: Field, use: fhir4.ContactPoint['use']): fhir4.ContactPoint | undefined;
  attachment?(field: Field, kind: string | undefined): fhir4.Attachment | undefined;
  quantity?(field: Field): fhir4.Quantity | undefined;
  range?(field: Field): fhir4.Range | undefined;
  ratio?(field: Field): fhir4.Ratio | undefined;
  referenceRange?(field: Field): fhir4.ObservationReferenceRange | undefined;
  /** Content that stands in the field, with its media type. */
  embedded?(field: Field): fhir4.Attachment | undefined;
  /** Value of a type that the field itself names. */
  value?(field: Field, unit: string | undefined): NativeValue | undefined;
  /** Where the point in time stands that the field holds; the field itself, if it is one. */
  time?(field: Field): Field | undefined;
  interval?(field: Field): { readonly start: Field | undefined; readonly end: Field | undefined } | undefined;
  /** Whether the field is of the format's own data types; where this is missing, each is. */
  typed?(field: Field): boolean;
  /** Code of data-absent-reason, where the field says why it is empty. */
  absent?(field: Field): string | undefined;
  /** A unit that is a coded value. */
  unit?(field: Field): Unit | undefined;
  /**
   * What is read from now on is only looked at, for a key or a condition: it counts as read where it also goes into a
   * record. Formats without it count it at once.
   * @returns whether it was silent before
   */
  silence?(silent: boolean): boolean;
  /** Whether an explicit null may stand anywhere in the item; where this is missing, it may. */
  readonly holdsNull?: boolean;
  /** Fields of the same content read alike in every item. */
  readonly recurs?: boolean;
  /** What is populated there. Only for scopes that are alike in all that `Address.vacant` asks. */
  shape?(scope: Scope, shapes: Shapes): Shape | undefined;
  /** Zone of times without an offset, where the item itself says one. */
  readonly zone?: string | undefined;
  /** Its times are expected to have an offset: the first one without it is told. */
  readonly tellsZone?: boolean;
}

/** Of an R4 type; a time or an interval is read by the rules for times. */
export type NativeValue =
  | 'time'
  | 'interval'
  | { readonly type: string; readonly value: unknown; readonly beside?: Readonly<Record<string, unknown>> };

export interface Opened {
  readonly root: unknown;
  readonly native: Native;
  /** Tells the coverage what is populated; after the map has run. */
  see(): void;
  keep(): KeptSource;
}

export interface SourceFormat {
  readonly kind: MapSource;
  /** @param text what stands after `$` */
  address(text: string, setup: SourceSetup): Address | AddressFault;
  /** @throws BridgeError item.format, item.charset and what the reader says */
  open(input: NormalizeInput, context: NormalizeContext, draft: Draft, setup: SourceSetup): Opened;
  /** The innermost scope whose item holds any of these segments; the outermost where none does. */
  holder?(scope: Scope, segments: readonly string[]): Scope;
  /** These fields of the nearest segment of this name, as one. */
  fieldsOf?(scope: Scope, segment: string, numbers: readonly number[]): Recurring | undefined;
  /** Keys of `match` besides `feed` and `if`. */
  readonly matchKeys: readonly string[];
  /** @param values of one key of `match`; any of them, or all for columns and fields */
  matches(root: unknown, key: string, values: readonly string[]): boolean;
}

export function isFault(found: Address | AddressFault): found is AddressFault {
  return 'message' in found;
}

export function firstField(address: Address, scope: Scope): Field | undefined {
  return address.one ? address.one(scope) : address.fields(scope)[0];
}

/** Anything is there, were it not the first component. */
export function isPopulated(field: Field): boolean {
  return field.text() !== undefined || (field.parts?.().some((part) => part !== '') ?? false);
}

/** How many loops an address steps out (`../`), or to the top (`/`), and the rest. */
export function steps(text: string): { up: number | 'top'; rest: string } {
  if (text.startsWith('/')) return { up: 'top', rest: text.slice(1) };
  let up = 0;
  let rest = text;
  while (rest.startsWith('../')) {
    up += 1;
    rest = rest.slice(3);
  }
  return { up, rest };
}

export function outer(scope: Scope, up: number | 'top'): Scope {
  let here = scope;
  for (let left = up === 'top' ? Number.POSITIVE_INFINITY : up; left > 0 && here.parent; left -= 1) here = here.parent;
  return here;
}

/** A text of the map itself, or one made of several fields. */
export class TextField implements Field {
  readonly place: string;
  readonly origin = undefined;
  readonly isNull = false;
  readonly #text: string;

  constructor(text: string, place: string) {
    this.#text = text;
    this.place = place;
  }

  text(): string | undefined {
    return this.#text.trim() || undefined;
  }

  raw(): string | undefined {
    return this.#text || undefined;
  }
}

/** The one entry of a setup by its key. */
export function entryOf(entries: readonly Entry[], key: string): Entry | undefined {
  return entries.find((entry) => entry.key === key);
}
