/** What a bundle says, in single facts that another converter's bundle of the same message can be asked for. */

export type FactKind = 'identifier' | 'name' | 'date' | 'code' | 'display' | 'quantity' | 'status' | 'text';

export interface Fact {
  readonly type: string;
  /** Element names without positions; an extension by the last part of its URL, one that no standard has as `own`. */
  readonly path: string;
  readonly kind: FactKind;
  /** As it was written. */
  readonly value: string;
  /** Ways to say it; two facts agree where one way of one is a way of the other. */
  readonly ways: readonly string[];
}

/** Ids, links, envelope and URIs of systems: each converter has its own. */
const PASSED_OVER = new Set([
  'id',
  'meta',
  'reference',
  'resourceType',
  'system',
  'url',
  'fullUrl',
  'contained',
  'data',
]);
/** What converters say of themselves. */
const OF_THE_CONVERTER = new Set(['Provenance', 'OperationOutcome', 'Binary']);

const NAMES = new Set([
  'family',
  'given',
  'prefix',
  'suffix',
  'line',
  'city',
  'state',
  'district',
  'postalCode',
  'country',
]);
const STATUSES = new Set([
  'status',
  'gender',
  'use',
  'intent',
  'priority',
  'mode',
  'criticality',
  'docStatus',
  'active',
]);
const POINT = /^\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?$/;

/** Each fact once, however often the bundle says it. */
export function factsOf(bundle: fhir4.Bundle): Fact[] {
  const found = new Map<string, Fact>();
  for (const { resource } of bundle.entry ?? []) {
    if (!resource || OF_THE_CONVERTER.has(resource.resourceType)) continue;
    const { text: _narrative, ...rest } = resource as fhir4.DomainResource;
    walk(resource.resourceType, rest, [], found);
  }
  return [...found.values()];
}

function walk(type: string, value: unknown, path: readonly string[], found: Map<string, Fact>): void {
  if (Array.isArray(value)) for (const item of value) walk(type, item, path, found);
  else if (isNumber(value)) add(type, path, JSON.stringify(value), found);
  else if (typeof value === 'object' && value !== null) {
    const { url } = value as { url?: unknown };
    const here = path.at(-1) === 'extension' && typeof url === 'string' ? [...path, extensionName(url)] : path;
    for (const [key, part] of Object.entries(value)) {
      if (PASSED_OVER.has(key)) continue;
      walk(type, part, [...here, key.replace(/^_/, '')], found);
    }
  } else if (value !== null && value !== undefined && String(value).trim() !== '')
    add(type, path, String(value), found);
}

/** Each converter names its own extensions: what they hold can be asked for, not how they are called. */
function extensionName(url: string): string {
  return url.includes(':') && !url.startsWith('http://hl7.org/') ? 'own' : url.split('/').at(-1)!;
}

/** Numbers keep their text as raw JSON. */
function isNumber(value: unknown): boolean {
  return (JSON as unknown as { isRawJSON(value: unknown): boolean }).isRawJSON(value);
}

function add(type: string, path: readonly string[], value: string, found: Map<string, Fact>): void {
  const where = path.join('.');
  const ways = waysOf(value, path.at(-1)!, path.at(-2));
  const key = `${type} ${where} ${ways[0]}`;
  if (!found.has(key)) found.set(key, { type, path: where, kind: kindOf(value, path), value, ways });
}

function kindOf(value: string, path: readonly string[]): FactKind {
  const key = path.at(-1)!;
  const parent = path.at(-2) ?? '';
  if (key === 'value' && /identifier$/i.test(parent)) return 'identifier';
  if (POINT.test(value) && /date|time|start|end|period|recorded|issued|effective|onset/i.test(path.join('.')))
    return 'date';
  if (NAMES.has(key)) return 'name';
  if (key === 'code') return 'code';
  if (key === 'display') return 'display';
  if (STATUSES.has(key)) return 'status';
  return /quantity|range|^value(Integer|Decimal)$/i.test(`${parent}.${key}`) ? 'quantity' : 'text';
}

function waysOf(value: string, key: string, parent: string | undefined): string[] {
  if (POINT.test(value)) return waysOfTime(value);
  if (parent === 'telecom' && key === 'value' && /\d{4}/.test(value) && !value.includes('@'))
    return [value.replaceAll(/\D/g, '')];
  if (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(value) && value.length < 16) return [String(Number(value)), plain(value)];
  return [plain(value)];
}

/** The same instant to the minute, the same reading of the clock, or the same day, month or year where that is all. */
function waysOfTime(value: string): string[] {
  if (!value.includes('T')) return [value];
  const instant = Date.parse(value.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  const clock = value.slice(0, 16);
  return Number.isNaN(instant) ? [clock] : [clock, `=${new Date(instant).toISOString().slice(0, 16)}`];
}

/** What a fact also answers: a time says its day, too. */
export function answers({ value, ways }: Fact): readonly string[] {
  return POINT.test(value) ? [...ways, value.slice(0, 4), value.slice(0, 7), value.slice(0, 10)] : ways;
}

export function plain(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/^urn:(oid|uuid):/, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}
