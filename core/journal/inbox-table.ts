/** The rows of the inbox: what senders pushed, in the order of their arrival. */

import type { ErrorCode } from '../codes.ts';
import type { SourceKind } from '../types.ts';
import type { Store } from './store.ts';
import type { InboxPut, InboxRow, InboxTable, NewInboxRow } from './types.ts';

interface Columns {
  seq: number;
  feed: string;
  source_key: Uint8Array;
  kind: SourceKind;
  charset: string | null;
  received_at: string;
  size: number;
  /** Empty where the bytes lie in `inbox_body`. */
  spool: string;
  refusal_code: ErrorCode | null;
  refusal_detail: string | null;
}

export function inboxTable(store: Store): InboxTable {
  return {
    async inboxPut(rows) {
      return store.transaction(() => rows.map((row) => put(store, row)));
    },

    async inboxRead(feed, after, limit) {
      const rows = store.all<Columns>(
        'SELECT * FROM inbox WHERE feed = ? AND seq > ? AND spool IS NOT NULL ORDER BY seq LIMIT ?',
        feed,
        after,
        limit,
      );
      return rows.map((row) => inboxRow(store, row));
    },

    async inboxBody(seq) {
      const row = store.get<{ sealed: Uint8Array }>('SELECT sealed FROM inbox_body WHERE seq = ?', seq);
      return row ? store.open('inbox_body.sealed', row.sealed) : null;
    },

    async inboxConsumed(feed, upTo) {
      const consumed = 'FROM inbox WHERE feed = ? AND seq <= ? AND spool IS NOT NULL';
      return store.transaction(() => {
        const rows = store.all<{ spool: string }>(`SELECT spool ${consumed}`, feed, upTo);
        store.run(`DELETE FROM inbox_body WHERE seq IN (SELECT seq ${consumed})`, feed, upTo);
        store.run('UPDATE inbox SET spool = NULL WHERE feed = ? AND seq <= ? AND spool IS NOT NULL', feed, upTo);
        return rows.flatMap(({ spool }) => (spool === '' ? [] : [spool]));
      });
    },

    async inboxDepth(feed) {
      return store.get<{ depth: number }>(
        'SELECT count(*) AS depth FROM inbox WHERE feed = ? AND spool IS NOT NULL',
        feed,
      )!.depth;
    },
  };
}

function put(store: Store, row: NewInboxRow): InboxPut {
  const key = store.digest('source-key', row.sourceKey);
  const content = store.digest('content', row.contentDigest);
  const before = store.get<{ seq: number; received_at: string }>(
    'SELECT seq, received_at FROM inbox WHERE feed = ? AND key_digest = ? AND content_digest = ?',
    row.feed,
    key,
    content,
  );
  const conflict =
    store.get(
      'SELECT 1 FROM inbox WHERE feed = ? AND key_digest = ? AND seq < ?',
      row.feed,
      key,
      before?.seq ?? Number.MAX_SAFE_INTEGER,
    ) !== undefined;
  if (before) return { seq: before.seq, duplicate: true, conflict, receivedAt: before.received_at };
  const { seq } = store.get<{ seq: number }>(
    `INSERT INTO inbox (feed, key_digest, content_digest, source_key, kind, charset, received_at, size, spool,
     refusal_code, refusal_detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq`,
    row.feed,
    key,
    content,
    store.encrypt('inbox.source_key', row.sourceKey),
    row.kind,
    row.charset ?? null,
    row.receivedAt,
    row.size,
    typeof row.body === 'string' ? row.body : '',
    row.refusal?.code ?? null,
    row.refusal?.detail ?? null,
  )!;
  if (typeof row.body !== 'string')
    store.run('INSERT INTO inbox_body (seq, sealed) VALUES (?, ?)', seq, store.seal('inbox_body.sealed', row.body));
  return { seq, duplicate: false, conflict, receivedAt: row.receivedAt };
}

function inboxRow(store: Store, row: Columns): InboxRow {
  const { refusal_code: code, refusal_detail: detail } = row;
  return {
    seq: row.seq,
    feed: row.feed,
    sourceKey: store.decrypt('inbox.source_key', row.source_key),
    kind: row.kind,
    ...(row.charset === null ? {} : { charset: row.charset }),
    receivedAt: row.received_at,
    size: row.size,
    ...(row.spool === '' ? {} : { spool: row.spool }),
    ...(code === null ? {} : { refusal: { code, detail: detail ?? '' } }),
  };
}
