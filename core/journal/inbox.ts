/** The inbox of pushed items: durable before the sender is acknowledged, many senders in one disk write. */
import { createHash, randomUUID } from 'node:crypto';
import { BridgeError } from '../errors.ts';
import type { Spool } from '../spool/spool.ts';
import type { Inbox, InboxEntry, ReadLimits, RefusedItem, SourceItem } from '../types.ts';
import type { InboxPut, InboxRow, InboxTable, NewInboxRow } from './types.ts';

/** What the inbox needs of the spool. */
export type InboxSpool = Pick<Spool, 'putMany' | 'get' | 'remove'>;

/** The inbox of one feed, with what the reading side needs beside the connectors' view. */
export interface FeedInbox extends Inbox {
  /** After the cursor was stored: frees the bytes of everything that counts as read. */
  release(): Promise<void>;
}

type Pushed = Omit<SourceItem, 'type' | 'parts'>;

type Row = Omit<NewInboxRow, 'body'>;

interface Waiting {
  readonly body: Uint8Array;
  readonly row: Row;
  resolve(put: InboxPut): void;
  reject(error: unknown): void;
}

/** Most puts that share one transaction: bounds its memory and the wait of the first of them. */
const GROUP = 512;
/** Larger ones lie in the spool; the others in the row's own transaction, which saves a disk write. */
const LARGE = 1 << 20;
/** Rows fetched from the journal at a time while reading. */
const PAGE = 256;

/**
 * The inbox of one feed; inboxes of several feeds each commit for themselves.
 * @param onPut told after each durable group
 */
export function openInbox(feed: string, table: InboxTable, spool: InboxSpool, onPut = () => {}): FeedInbox {
  const waiting: Waiting[] = [];
  let committing = false;
  let yielded = 0;

  function enqueue(row: Row, body: Uint8Array): Promise<InboxPut> {
    return new Promise((resolve, reject) => {
      waiting.push({ row, body, resolve, reject });
      if (!committing) void commitAll();
    });
  }

  /** While one group is written the next gathers, so that the group grows with the load. */
  async function commitAll(): Promise<void> {
    committing = true;
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const group = waiting.splice(0, GROUP);
      await commit(group);
    }
    committing = false;
  }

  async function commit(group: readonly Waiting[]): Promise<void> {
    try {
      const rows = group.map(({ row, body }) => ({
        ...row,
        body: body.length > LARGE ? `inbox-${randomUUID()}` : body,
      }));
      const large = rows.flatMap(({ body }, index) =>
        typeof body === 'string' ? [{ index, id: body, bytes: group[index]!.body }] : [],
      );
      if (large.length > 0) await spool.putMany(large);
      const puts = await table.inboxPut(rows);
      group.forEach((entry, index) => {
        entry.resolve(puts[index]!);
      });
      onPut();
      const repeated = large.filter(({ index }) => puts[index]!.duplicate);
      if (repeated.length > 0) await spool.remove(repeated.map(({ id }) => id));
    } catch (error) {
      // After `resolve` this changes nothing: what was promised stays promised.
      for (const entry of group) entry.reject(error);
    }
  }

  async function* peek(after: number, limits: ReadLimits, signal: AbortSignal) {
    let seq = after;
    let bytes = 0;
    let items = 0;
    while (!signal.aborted) {
      const rows = await table.inboxRead(feed, seq, Math.min(PAGE, limits.items - items));
      for (const row of rows) {
        if (signal.aborted || items >= limits.items || bytes >= limits.bytes) return;
        const body = await (row.spool === undefined ? table.inboxBody(row.seq) : spool.get(row.spool));
        if (!body) throw new BridgeError('spool.missing', 'the bytes of an acknowledged item are gone');
        yield { seq: row.seq, entry: entryOf(row, body) };
        seq = row.seq;
        items += 1;
        bytes += row.size;
      }
      if (rows.length === 0) return;
    }
  }

  return {
    async put(item: Pushed): Promise<InboxEntry> {
      return enqueue(rowOf(feed, item, item.bytes), item.bytes);
    },

    async refuse(item: Omit<RefusedItem, 'type'>): Promise<void> {
      const row = rowOf(feed, item, item.head);
      await enqueue({ ...row, size: item.size, refusal: { code: item.code, detail: item.detail } }, item.head);
    },

    peek,

    async *read(after: number, limits: ReadLimits, signal: AbortSignal) {
      for await (const found of peek(after, limits, signal)) {
        yield found;
        yielded = found.seq;
      }
    },

    async release() {
      const large = await table.inboxConsumed(feed, yielded);
      if (large.length > 0) await spool.remove(large);
    },
  };
}

function rowOf(feed: string, item: Pick<Pushed, 'sourceKey' | 'kind' | 'charset' | 'receivedAt'>, body: Uint8Array) {
  return {
    feed,
    sourceKey: item.sourceKey,
    contentDigest: createHash('sha256').update(body).digest('hex'),
    kind: item.kind,
    ...(item.charset === undefined ? {} : { charset: item.charset }),
    receivedAt: item.receivedAt,
    size: body.length,
  };
}

function entryOf(row: InboxRow, bytes: Uint8Array): SourceItem | RefusedItem {
  const { sourceKey, kind, receivedAt, charset, refusal, size } = row;
  if (refusal) return { type: 'refused', sourceKey, kind, receivedAt, size, head: bytes, ...refusal };
  return { type: 'item', sourceKey, kind, receivedAt, bytes, ...(charset === undefined ? {} : { charset }) };
}
