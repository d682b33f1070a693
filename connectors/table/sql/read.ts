/** Walks a view page by page, round after round. One page is in memory at a time. */
import { BridgeError } from '../../../core/errors.ts';
import type { Checkpoint, ReadLimits, RefusedItem, SourceItem } from '../../../core/types.ts';
import { recentDigest } from '../../shared/recent.ts';
import type { SqlConfig } from './config.ts';
import { begin, FIRST, finish, type SqlCursor, type Walk } from './cursor.ts';
import { itemOf } from './item.ts';
import type { PageRow } from './query.ts';
import type { RowRate } from './rate.ts';
import { Seen } from './seen.ts';
import type { View } from './view.ts';

type Entry = SourceItem | RefusedItem;

/** Bytes of a page that the next one is sized for. */
const PAGE_BYTES = 8_388_608;
const FIRST_PAGE = 8;
const LARGEST_PAGE = 10_000;
const DAY_MS = 86_400_000;

export async function* readView(
  view: View,
  config: SqlConfig,
  rate: RowRate,
  from: SqlCursor | null,
  limits: ReadLimits,
  signal: AbortSignal,
): AsyncGenerator<Entry | Checkpoint<SqlCursor>> {
  const cursor = from ?? FIRST;
  const walk = cursor.walk ?? begin(cursor, view.scale, await view.clock());
  const seen = new Seen(view.scale, walk, cursor.recent);
  let after = walk.after;
  let budget: Budget = { items: limits.items, bytes: limits.bytes };
  let rows = Math.min(FIRST_PAGE, config.pageRows);
  let least = 2;
  let met: ReadonlySet<string> = new Set();
  for (;;) {
    await rate.wait(signal);
    const asked = Math.max(least, Math.min(rows, budget.items + 1));
    const page = await view.page({ since: walk.since, after, rows: asked, cellBytes: limits.itemBytes });
    rate.spend(page.length);
    signal.throwIfAborted();
    const digests = new Set<string>();
    for (const row of page) {
      const entry = itemOf(config, view.columns, row, limits.itemBytes);
      const bytes = entry.type === 'item' ? entry.bytes : entry.head;
      const digest = recentDigest(entry.sourceKey, bytes);
      digests.add(digest);
      if (!seen.has(digest)) {
        if (budget.items <= 0 || budget.bytes <= 0) {
          yield checkpoint(cursor, seen.walk(after));
          return;
        }
        yield entry;
        signal.throwIfAborted();
        budget = { items: budget.items - 1, bytes: budget.bytes - bytes.length };
      }
      seen.add(row.position[0]!, digest);
      after = row.position;
    }
    if (page.length < asked) break;
    // Nothing but rows that were met: more of them share one place than a page of this size holds.
    least = digests.isSubsetOf(met) ? larger(asked) : 2;
    rows = nextPage(config, asked, page);
    const hasMoved = view.scale.kind !== 'none' && page[0]!.position[0] !== after![0];
    met = hasMoved ? digests : met.union(digests);
  }
  const done = finish(cursor, seen.walk(null), view.scale);
  const { entry, unplaced } = await tellUnplaced(view, config, cursor);
  if (entry) yield entry;
  yield { type: 'checkpoint', cursor: { ...done, unplaced } };
}

interface Budget {
  readonly items: number;
  readonly bytes: number;
}

function checkpoint(cursor: SqlCursor, walk: Walk): Checkpoint<SqlCursor> {
  return { type: 'checkpoint', cursor: { ...cursor, walk } };
}

function larger(asked: number): number {
  if (asked < LARGEST_PAGE) return Math.min(LARGEST_PAGE, asked * 2);
  throw new BridgeError('source.protocol', `more than ${LARGEST_PAGE} rows have the same key and watermark`, {
    hint: 'name the columns that identify a row as sql.key',
  });
}

/** Rows of the next page: twice as many up to the configured number, as long as they stay small. */
function nextPage({ pageRows }: SqlConfig, asked: number, page: readonly PageRow[]): number {
  const bytes = page.reduce((sum, { size, cells }) => sum + size + cells.length * 32, 0);
  return Math.max(1, Math.min(pageRows, asked * 2, Math.floor((PAGE_BYTES / bytes) * page.length)));
}

/** Once a day: rows outside the order are not read, and must not disappear either. */
async function tellUnplaced(
  view: View,
  { view: name }: SqlConfig,
  { unplaced }: SqlCursor,
): Promise<{ entry?: RefusedItem; unplaced: SqlCursor['unplaced'] }> {
  const at = Date.now();
  if (unplaced && Math.abs(at - unplaced.at) < DAY_MS) return { unplaced };
  const found = await view.hasUnplaced();
  if (!found || unplaced?.told) return { unplaced: { at, told: found } };
  const entry: RefusedItem = {
    type: 'refused',
    sourceKey: `${name}#`,
    kind: 'table',
    receivedAt: new Date(at).toISOString(),
    size: 0,
    head: new Uint8Array(),
    code: 'source.unplaced',
    detail: `${name} holds rows whose key or watermark is NULL or no time; they are not read`,
  };
  return { entry, unplaced: { at, told: true } };
}
