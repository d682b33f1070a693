/** Reads a server type by type, page by page. One page is in memory at a time; a checkpoint follows each. */
import { createHash } from 'node:crypto';
import { BridgeError } from '../../core/errors.ts';
import type { Checkpoint, ReadLimits, RefusedItem, SourceItem } from '../../core/types.ts';
import type { Http } from '../shared/http.ts';
import { recentDigest, remember } from '../shared/recent.ts';
import type { FhirConfig } from './config.ts';
import { type FhirCursor, FIRST, isCovered, isRecent, newWalk, sinceAfter, type Walk } from './cursor.ts';
import { type FhirPage, getPage } from './page.ts';
import type { FhirPiece } from './split.ts';

/** As much of a refused resource as is kept. */
const HEAD_BYTES = 65_536;
/** Restarts of one walk whose pages the server forgets, within one read. */
const MAX_RESTARTS = 3;
/** Empty pages in a row: some servers filter after they have cut the page. */
const MAX_EMPTY = 100;

type Read = SourceItem | RefusedItem | Checkpoint<FhirCursor>;

export async function* readFhir(
  http: Http,
  config: FhirConfig,
  from: FhirCursor | null,
  limits: ReadLimits,
  signal: AbortSignal,
): AsyncGenerator<Read> {
  const overlapMs = config.overlapSeconds * 1000;
  let cursor: FhirCursor = from ?? FIRST;
  let walk: Walk | null = cursor.walk ?? newWalk(config.resourceTypes[0]!);
  let items = 0;
  let bytes = 0;
  let restarts = 0;
  while (walk && items < limits.items && bytes < limits.bytes) {
    signal.throwIfAborted();
    const page: FhirPage | null = await pageOf(http, config, cursor, walk, limits, signal);
    if (!page) {
      if (++restarts > MAX_RESTARTS)
        throw new BridgeError('source.protocol', 'the server forgets its pages again and again');
      walk = newWalk(walk.type);
      continue;
    }
    walk = { ...walk, startedAt: walk.startedAt ?? page.servedAt };
    const content = createHash('sha256');
    let size = 0;
    for (const piece of page.pieces()) {
      signal.throwIfAborted();
      const digest = recentDigest(piece.sourceKey, piece.bytes);
      content.update(digest);
      size++;
      walk = { ...walk, newest: newer(walk.newest, piece.lastUpdated) };
      if (isCovered(piece.lastUpdated, cursor.since[walk.type])) continue;
      if (isRecent(piece.lastUpdated, walk, overlapMs)) walk = { ...walk, recent: remember(walk.recent, digest) };
      if (walk.done.includes(digest) || cursor.recent[walk.type]?.includes(digest)) continue;
      if (items >= limits.items || bytes >= limits.bytes) {
        yield { type: 'checkpoint', cursor: { ...cursor, walk } };
        return;
      }
      yield itemOf(piece, limits.itemBytes);
      items++;
      bytes += piece.bytes.length;
      walk = { ...walk, done: [...walk.done, digest] };
    }
    if (page.next) {
      cursor = { ...cursor, walk: advance(walk, page.next, content.digest('base64url').slice(0, 11), size === 0) };
    } else {
      cursor = finish(cursor, walk, config, overlapMs);
    }
    walk = cursor.walk;
    yield { type: 'checkpoint', cursor };
  }
}

async function pageOf(
  http: Http,
  config: FhirConfig,
  cursor: FhirCursor,
  walk: Walk,
  limits: ReadLimits,
  signal: AbortSignal,
): Promise<FhirPage | null> {
  const get = (url: string) => getPage(http, url, config.maxPageBytes, signal);
  const answer = walk.url
    ? await get(http.resolve(walk.url).href)
    : await firstPage(http, config, cursor, walk, limits, get);
  if (answer === 410) return null;
  if (answer === 400) throw new BridgeError('source.protocol', `the server refuses a search for ${walk.type} (400)`);
  return answer;
}

async function firstPage(
  http: Http,
  config: FhirConfig,
  cursor: FhirCursor,
  walk: Walk,
  limits: ReadLimits,
  get: (url: string) => Promise<FhirPage | 400 | 410>,
): Promise<FhirPage | 400 | 410> {
  const since = cursor.since[walk.type];
  const filter = since ? `&_lastUpdated=${since.inclusive ? 'ge' : 'gt'}${encodeURIComponent(since.at)}` : '';
  const address = `${http.base}/${walk.type}?_count=${Math.min(config.pageSize, limits.items)}`;
  const answer = await get(`${address}&_sort=-_lastUpdated${filter}`);
  // A server may not know these parameters; without them more is read, and what is known is left out here.
  return answer === 400 ? get(address) : answer;
}

/** @throws BridgeError `source.protocol` when the pages go in a circle or repeat themselves */
function advance(walk: Walk, url: string, content: string, isEmpty: boolean): Walk {
  const digest = createHash('sha256').update(url).digest('base64url').slice(0, 11);
  const repeats = content === walk.content ? walk.repeats + 1 : 0;
  if (walk.mark?.url === digest) throw new BridgeError('source.protocol', 'the next links go in a circle');
  if (repeats > (isEmpty ? MAX_EMPTY : 0)) {
    throw new BridgeError('source.protocol', 'the server sends the same page again and again');
  }
  const age = (walk.mark?.age ?? 0) + 1;
  const limit = walk.mark?.limit ?? 1;
  const mark = !walk.mark || age >= limit ? { url: digest, age: 0, limit: limit * 2 } : { ...walk.mark, age };
  return { ...walk, url, mark, content, repeats, done: [] };
}

function finish(cursor: FhirCursor, walk: Walk, config: FhirConfig, overlapMs: number): FhirCursor {
  const since = sinceAfter(walk, cursor.since[walk.type], overlapMs);
  const next = config.resourceTypes[config.resourceTypes.indexOf(walk.type) + 1];
  return {
    v: 1,
    since: since ? { ...cursor.since, [walk.type]: since } : cursor.since,
    recent: { ...cursor.recent, [walk.type]: walk.recent },
    walk: next && config.resourceTypes.includes(walk.type) ? newWalk(next) : null,
  };
}

function newer(newest: string | null, lastUpdated: string | undefined): string | null {
  if (lastUpdated === undefined) return newest;
  return newest === null || Date.parse(lastUpdated) > Date.parse(newest) ? lastUpdated : newest;
}

function itemOf(piece: FhirPiece, itemBytes: number): SourceItem | RefusedItem {
  const common = { sourceKey: piece.sourceKey, kind: 'fhir', receivedAt: new Date().toISOString() } as const;
  const refused =
    piece.bytes.length > itemBytes
      ? { code: 'source.too-large' as const, detail: `the resource is larger than ${itemBytes} bytes` }
      : piece.refused;
  if (!refused) return { type: 'item', ...common, charset: 'utf-8', bytes: piece.bytes };
  return { type: 'refused', ...common, size: piece.bytes.length, head: piece.bytes.slice(0, HEAD_BYTES), ...refused };
}
