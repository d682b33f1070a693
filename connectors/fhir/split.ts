/** Resources out of a page, a Bundle, an NDJSON file: each the exact bytes that the source wrote. */
import { createHash } from 'node:crypto';
import type { ErrorCode } from '../../core/codes.ts';
import { elementSpans, memberSpans, type Span, skipSpace, valueEnd } from './spans.ts';

/** One resource, or a stretch of the file that is none. */
export interface FhirPiece {
  /** `Type/id/_history/version`, `Type/id`, or for what has no id a digest of its bytes. */
  readonly sourceKey: string;
  readonly bytes: Uint8Array;
  /** `meta.lastUpdated` where it is an instant. */
  readonly lastUpdated?: string;
  /** Present when the piece is no resource. */
  readonly refused?: { readonly code: ErrorCode; readonly detail: string };
}

interface Envelope {
  readonly resourceType?: unknown;
  readonly id?: unknown;
  readonly meta?: { readonly versionId?: unknown; readonly lastUpdated?: unknown };
}

/** R4 §2.24.0.1, datatypes `id` and `instant`. */
const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const TYPE = /^[A-Z][A-Za-z]{1,63}$/;

/** A file of one resource, of one Bundle (its entries) or of NDJSON. Never throws; what is no resource is a refused piece. */
export function* splitFhirFile(file: Uint8Array): Generator<FhirPiece> {
  const bytes = withoutBom(file);
  const start = skipSpace(bytes, 0);
  if (start >= bytes.length) {
    yield refusedPiece(bytes, 'source.empty', 'the file holds nothing');
    return;
  }
  if (skipSpace(bytes, valueEnd(bytes, start)) < bytes.length) yield* lines(bytes);
  else yield* document(bytes.subarray(start, valueEnd(bytes, start)));
}

/**
 * Entries of a Bundle that `JSON.parse` has accepted, in order, without those of search mode `outcome`.
 * @param entries span of the `entry` array
 */
export function* splitEntries(json: Uint8Array, entries: Span): Generator<FhirPiece> {
  for (const span of elementSpans(json, entries.start)) {
    const members = json[span.start] === 0x7b ? memberSpans(json, span.start) : new Map<string, Span>();
    const search = members.get('search');
    if (search && isOutcome(text(json, search))) continue;
    const resource = members.get('resource');
    // `slice`: an item must not keep its whole page in memory.
    if (resource) yield resourcePiece(json.slice(resource.start, resource.end));
    else yield refusedPiece(json.slice(span.start, span.end), 'item.format', 'an entry holds no resource');
  }
}

function isOutcome(search: string): boolean {
  return (JSON.parse(search) as { mode?: unknown } | null)?.mode === 'outcome';
}

function* document(bytes: Uint8Array): Generator<FhirPiece> {
  const entries = parse(bytes)?.resourceType === 'Bundle' ? memberSpans(bytes, 0).get('entry') : undefined;
  if (entries && bytes[entries.start] === 0x5b) yield* splitEntries(bytes, entries);
  else yield resourcePiece(bytes);
}

/** A line that is a Bundle is split as well. */
function* lines(bytes: Uint8Array): Generator<FhirPiece> {
  for (let from = 0; from < bytes.length; ) {
    const found = bytes.indexOf(0x0a, from);
    const end = found < 0 ? bytes.length : found;
    const start = skipSpace(bytes, from);
    if (start < end) yield* document(bytes.slice(start, trimmedEnd(bytes, end)));
    from = Math.max(end + 1, from + 1);
  }
}

/** CRLF files end their lines with a carriage return that is no part of the resource. */
function trimmedEnd(bytes: Uint8Array, end: number): number {
  return bytes[end - 1] === 0x0d ? end - 1 : end;
}

function resourcePiece(bytes: Uint8Array): FhirPiece {
  const resource = parse(bytes);
  if (resource === null) return refusedPiece(bytes, 'item.format', 'the bytes are no JSON object in UTF-8');
  const { resourceType, id, meta } = resource;
  if (typeof resourceType !== 'string' || !TYPE.test(resourceType) || typeof id !== 'string' || !ID.test(id)) {
    return refusedPiece(bytes, 'item.format', 'the resource has no type or no id');
  }
  const version = typeof meta?.versionId === 'string' && ID.test(meta.versionId) ? `/_history/${meta.versionId}` : '';
  const lastUpdated = typeof meta?.lastUpdated === 'string' && INSTANT.test(meta.lastUpdated) ? meta.lastUpdated : null;
  return { sourceKey: `${resourceType}/${id}${version}`, bytes, ...(lastUpdated ? { lastUpdated } : {}) };
}

function parse(bytes: Uint8Array): Envelope | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function refusedPiece(bytes: Uint8Array, code: ErrorCode, detail: string): FhirPiece {
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  return { sourceKey: `no-id/${digest}`, bytes, refused: { code, detail } };
}

function withoutBom(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function text(json: Uint8Array, span: Span): string {
  return Buffer.from(json.subarray(span.start, span.end)).toString('utf8');
}
