/**
 * What holds now: a person's records are messages and documents, each about some resources at its own time. Here they
 * are folded into one state, which does not depend on the order in which they came, were sealed or are read.
 */
import { erase, withoutDeletions } from './deleted.ts';
import { capsuleList } from './open.ts';

export interface Resource {
  readonly resourceType: string;
  readonly id?: string;
  readonly [element: string]: unknown;
}

export interface CurrentResource {
  /** `urn:uuid:…`, or the address on the server that it came from: the same in all records about it. */
  readonly fullUrl: string;
  /** Numbers keep their text where the platform has `JSON.rawJSON`. */
  readonly resource: Resource;
  /** When the newest record about it was made at its source, as written there; absent where none says. */
  readonly asOf?: string;
}

interface Bundle {
  readonly type?: string;
  readonly entry?: readonly { readonly fullUrl?: string; readonly resource?: Resource }[];
}

/** What one record says of one resource. */
interface Statement {
  readonly resource: Resource;
  readonly asOf?: string;
  /** Milliseconds; a record without a time is older than all others. */
  readonly time: number;
  /** Of the message that it comes from; empty for documents, rows and studies. */
  readonly digest: string;
  /** Of its record among those given. */
  readonly place: number;
  /** A message of the admission office, which knows best how a visit stands. */
  readonly ofAdmission: boolean;
  /** A whole resource, as a FHIR server keeps it. */
  readonly whole: boolean;
}

/** Messages tell these in part: what a later one leaves out is as it was (HL7 v2.9 §2.5.3). All others are told whole. */
const IN_PART = new Set([
  'Account',
  'Coverage',
  'Encounter',
  'Location',
  'Organization',
  'Patient',
  'Practitioner',
  'PractitionerRole',
  'RelatedPerson',
  'ServiceRequest',
]);
/** Elements of several types of which a resource has one: `deceasedBoolean`, `deceasedDateTime`. */
const CHOICE = /^(deceased|multipleBirth|occurrence|asNeeded|quantity)[A-Z]/;

/**
 * Messages of one time are told apart by their digests, the same way in any order. Documents, rows and studies are sent
 * again under their old time: of these the record that was sealed later holds.
 *
 * @param bundles opened records, in the order of sealing where that is known; the same one twice counts once
 * @returns one entry a resource, sorted by its full URL
 */
export function currentState(bundles: Iterable<Uint8Array>): CurrentResource[] {
  const known = new Map<string, Statement[]>();
  const texts = new Set(Array.from(bundles, (bytes) => new TextDecoder().decode(bytes)));
  for (const [place, text] of [...texts].entries()) {
    if (capsuleList(new TextEncoder().encode(text))) continue;
    for (const [fullUrl, statement] of statements(parse(text), place))
      known.set(fullUrl, [...(known.get(fullUrl) ?? []), statement]);
  }
  return [...known].sort(([a], [b]) => compareText(a, b)).map(([fullUrl, said]) => resolve(fullUrl, said));
}

function parse(text: string): Bundle {
  const { rawJSON } = JSON as unknown as { rawJSON?: (text: string) => unknown };
  const keepNumber = (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && rawJSON && context?.source !== undefined ? rawJSON(context.source) : value;
  return JSON.parse(text, keepNumber) as Bundle;
}

function* statements({ type, entry = [] }: Bundle, place: number): Generator<[string, Statement]> {
  const resources = entry.flatMap(({ resource }) => resource ?? []);
  const made = resources.find(isOfBridge);
  const madeAt = (made?.occurredDateTime ?? made?.recorded) as string | undefined;
  const isMessage = resources.some(isMessageSource);
  const digest = isMessage ? JSON.stringify(made?.entity) : '';
  const ofAdmission = resources.some(isAdmission);
  for (const { fullUrl, resource } of entry) {
    if (fullUrl === undefined || resource === undefined) continue;
    const asOf = (resource.meta as { lastUpdated?: string } | undefined)?.lastUpdated ?? madeAt;
    const time = asOf === undefined ? Number.NaN : Date.parse(asOf);
    const known = Number.isNaN(time) ? Number.NEGATIVE_INFINITY : time;
    const whole = type !== 'transaction' || !IN_PART.has(resource.resourceType);
    yield [fullUrl, { resource, ...(asOf !== undefined && { asOf }), time: known, digest, place, ofAdmission, whole }];
  }
}

/** The Provenance in which the bridge names the source by its digest (docs/architecture.md, Bundle). */
function isOfBridge(resource: Resource): boolean {
  const entities = resource.entity as { what?: { identifier?: { value?: string } } }[] | undefined;
  return resource.resourceType === 'Provenance' && entities?.[0]?.what?.identifier?.value?.startsWith('ni:') === true;
}

/** The message as it came, which the bridge keeps beside what it made of it. */
function isMessageSource({ resourceType, contentType }: Resource): boolean {
  return resourceType === 'Binary' && contentType === 'x-application/hl7-v2+er7';
}

/** ADT: A01 to A62. */
function isAdmission({ resourceType, eventCoding }: Resource): boolean {
  const { code } = (eventCoding ?? {}) as { code?: string };
  return resourceType === 'MessageHeader' && /^A\d\d$/.test(code ?? '');
}

function resolve(fullUrl: string, said: readonly Statement[]): CurrentResource {
  const newestFirst = [...said].sort(newerFirst);
  const { asOf } = newestFirst[0]!;
  const ranked = said[0]!.resource.resourceType === 'Encounter' ? newestFirst.sort(admissionFirst) : newestFirst;
  const resource = ranked[0]!.whole ? ranked[0]!.resource : foldParts(ranked.map((one) => one.resource));
  return { fullUrl, resource, ...(asOf !== undefined && { asOf }) };
}

function newerFirst(a: Statement, b: Statement): number {
  if (a.time !== b.time) return a.time < b.time ? 1 : -1;
  return compareText(a.digest, b.digest) || b.place - a.place;
}

function admissionFirst(a: Statement, b: Statement): number {
  return Number(b.ofAdmission) - Number(a.ofAdmission);
}

/** From the newest to the oldest: what a message deletes is not taken from those before it. */
function foldParts(newestFirst: readonly Resource[]): Resource {
  const gone = new Set<string>();
  return newestFirst
    .map((resource) => {
      const { deleted, rest } = withoutDeletions(resource);
      const left = [...gone].reduce((made, path) => erase(made, path, elementOf), rest);
      for (const path of deleted) gone.add(path);
      return left;
    })
    .reduce(fill);
}

/** Takes from the older one the elements of which the newer one says nothing. */
function fill(newer: Resource, older: Resource): Resource {
  const told = new Set(Object.keys(newer).map(elementOf));
  return { ...Object.fromEntries(Object.entries(older).filter(([name]) => !told.has(elementOf(name)))), ...newer };
}

/** `birthDate` and `_birthDate` are one element, and so are all types of a choice. */
function elementOf(name: string): string {
  const plain = name.replace(/^_/, '');
  return CHOICE.exec(plain)?.[1] ?? plain;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
