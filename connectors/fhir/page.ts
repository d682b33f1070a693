/** One page of a search: its resources, its next link, the server's clock. */
import { BridgeError } from '../../core/errors.ts';
import { expectOk, type Http, type HttpBytes } from '../shared/http.ts';
import { memberSpans, type Span } from './spans.ts';
import { type FhirPiece, splitEntries } from './split.ts';

export const FHIR_JSON = 'application/fhir+json';

export interface FhirPage {
  /** Read lazily out of the page's bytes. */
  readonly pieces: () => Generator<FhirPiece>;
  /** Absolute, and allowed to be followed. */
  readonly next: string | null;
  readonly total: number | null;
  /** Milliseconds since 1970 by the server's `Date`, else by our clock. */
  readonly servedAt: number;
}

interface Searchset {
  readonly resourceType?: unknown;
  readonly entry?: unknown;
  readonly total?: unknown;
  readonly link?: unknown;
}

/**
 * @returns the status itself for 410 (the server has forgotten this page) and 400 (it does not know a parameter)
 * @throws BridgeError `source.*`
 */
export async function getPage(
  http: Http,
  url: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<FhirPage | 400 | 410> {
  const answer = await http.getBytes(url, FHIR_JSON, maxBytes, signal);
  if (answer.status === 410 || answer.status === 400) return answer.status;
  expectOk(answer.status);
  return readPage(http, answer);
}

function readPage(http: Http, answer: HttpBytes): FhirPage {
  const bundle = parseBundle(answer.bytes);
  const entries =
    bundle.entry === undefined ? undefined : memberSpans(answer.bytes, startOf(answer.bytes)).get('entry');
  const date = Date.parse(String(answer.headers.date));
  return {
    pieces: () => (entries ? splitEntries(answer.bytes, entries) : nothing()),
    next: nextLink(http, bundle.link),
    total: typeof bundle.total === 'number' ? bundle.total : null,
    servedAt: Number.isNaN(date) ? Date.now() : date,
  };
}

function* nothing(): Generator<FhirPiece> {}

function parseBundle(bytes: Uint8Array): Searchset {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new BridgeError('source.protocol', 'a page is no JSON in UTF-8, or ends too early');
  }
  const bundle = (value ?? {}) as Searchset;
  const wellFormed = bundle.resourceType === 'Bundle' && (bundle.entry === undefined || Array.isArray(bundle.entry));
  if (!wellFormed) throw new BridgeError('source.protocol', 'a page is no searchset Bundle');
  return bundle;
}

/** Offset of the Bundle's brace: behind a byte order mark and white space. */
function startOf(bytes: Uint8Array): Span['start'] {
  return bytes.indexOf(0x7b);
}

function nextLink(http: Http, links: unknown): string | null {
  if (!Array.isArray(links)) return null;
  const next = (links as ({ relation?: unknown; url?: unknown } | null)[]).find((link) => link?.relation === 'next');
  if (!next) return null;
  if (typeof next.url !== 'string') throw new BridgeError('source.protocol', 'the next link holds no address');
  return http.resolve(next.url).href;
}
