/** The first step: bytes of the source into the spool, items and cursor into the journal, in this order. */
import { createHash } from 'node:crypto';
import { failpoint } from '../../core/failpoint.ts';
import { itemId } from '../../core/ids.ts';
import type { ItemPart, NewItem, NewRefused } from '../../core/journal/index.ts';
import type { RefusedItem, SourceItem, SourcePart } from '../../core/types.ts';
import type { ReadReport } from '../flows/contract.ts';
import type { OpenedFeed } from '../sources.ts';
import type { StepDeps } from './deps.ts';

/** Items that share one write of the spool. */
const GROUP = 64;

/** Repeating it with a `seq` that is committed gives the same report and reads nothing. */
export async function readBatch(
  deps: StepDeps,
  { feed, run, seq }: { feed: string; run: string; seq: number },
  signal: AbortSignal,
): Promise<ReadReport> {
  const { journal, limits, metrics } = deps;
  const opened = deps.sources.get(feed);
  const position = await journal.position(feed);
  if (position.seq >= seq) return report(await journal.batch(`${feed}-${seq}`), false);
  const reader = new Reader(deps, opened, signal);
  let cursor = position.cursor;
  for await (const entry of opened.source.read(cursor, limits, signal)) {
    if (entry.type === 'checkpoint') cursor = entry.cursor;
    else await reader.take(entry);
  }
  await reader.flush();
  signal.throwIfAborted();
  failpoint('read.spooled');
  const { items, refused, duplicates } = reader;
  const fresh = items.length + refused.length;
  const drained = fresh === 0 && reader.seen < limits.items && reader.bytes < limits.bytes;
  metrics.records(feed, 'read', 'duplicate', duplicates);
  if (fresh === 0) {
    await journal.addPosition({ feed, run, cursor, duplicates });
    await opened.inbox.release();
    return { batch: '', items: 0, duplicates, deadLettered: 0, open: false, drained };
  }
  const batch = await journal.addRead({ feed, run, seq, cursor, items, refused, duplicates, drained });
  failpoint('read.journaled');
  await opened.inbox.release();
  metrics.records(feed, 'read', 'ok', batch.items - batch.refused);
  metrics.records(feed, 'read', 'dead-letter', batch.refused);
  metrics.bytes(feed, 'read', batch.bytes);
  return report(batch, drained);
}

function report(
  batch: { id: string; items: number; duplicates: number; refused: number; state: string },
  drained: boolean,
): ReadReport {
  const { id, items, duplicates, refused, state } = batch;
  return { batch: id, items, duplicates, deadLettered: refused, open: state !== 'empty', drained };
}

/** Takes what the source yields and holds no more of it than one group of small items. */
class Reader {
  readonly items: NewItem[] = [];
  readonly refused: NewRefused[] = [];
  duplicates = 0;
  seen = 0;
  bytes = 0;
  readonly #deps: StepDeps;
  readonly #feed: OpenedFeed;
  readonly #signal: AbortSignal;
  readonly #ids = new Set<string>();
  #group: { id: string; bytes: Uint8Array }[] = [];

  constructor(deps: StepDeps, feed: OpenedFeed, signal: AbortSignal) {
    this.#deps = deps;
    this.#feed = feed;
    this.#signal = signal;
  }

  async take(entry: SourceItem | RefusedItem): Promise<void> {
    this.seen += 1;
    const body = entry.type === 'item' ? entry.bytes : entry.head;
    this.bytes += body.length;
    const digest = createHash('sha256').update(body).digest();
    const contentDigest = digest.toString('hex');
    const { sourceKey, kind, receivedAt } = entry;
    const [known] = await this.#deps.journal.known(this.#feed.name, [{ sourceKey, contentDigest }]);
    const id = itemId(this.#deps.keystore.hospitalKey('dhc/item-id/1'), this.#feed.name, sourceKey, digest);
    if (known || this.#ids.has(id)) {
      this.duplicates += 1;
      return;
    }
    this.#ids.add(id);
    const common = { id, sourceKey, kind, contentDigest, receivedAt };
    if (entry.type === 'refused') {
      this.#group.push({ id: `${id}.head`, bytes: body });
      this.refused.push({ ...common, size: entry.size, code: entry.code, head: `${id}.head` });
    } else {
      this.#group.push({ id: `${id}.raw`, bytes: body });
      const parts = await this.#spoolParts(id, entry.parts ?? []);
      const charset = entry.charset === undefined ? {} : { charset: entry.charset };
      this.items.push({ ...common, ...charset, size: body.length, spool: `${id}.raw`, parts });
    }
    if (this.#group.length >= GROUP) await this.flush();
  }

  async flush(): Promise<void> {
    const group = this.#group;
    this.#group = [];
    if (group.length > 0) await this.#deps.spool.putMany(group);
  }

  async #spoolParts(id: string, parts: readonly SourcePart[]): Promise<ItemPart[]> {
    const stored: ItemPart[] = [];
    for (const [index, part] of parts.entries()) {
      this.#signal.throwIfAborted();
      const spool = `${id}.part.${index}`;
      stored.push({ key: part.key, spool, ...(await this.#deps.spool.putStream(spool, part.open(this.#signal))) });
    }
    return stored;
  }
}
