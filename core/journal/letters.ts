/** Dead letters: what was refused, and its next attempt. */
import { codes } from '../codes.ts';
import { BridgeError } from '../errors.ts';
import { BATCH, batchRow, LETTER, letterRow } from './rows.ts';
import { now, type Store, where } from './store.ts';
import type { BatchRow, DeadLetterRow, DeadLetters, Refusal } from './types.ts';

/** Within a transaction of its caller: the letter of the item's present attempt, linked to the one before. */
export function writeLetter(store: Store, refusal: Refusal): void {
  const { code } = refusal;
  store.run(
    `INSERT OR IGNORE INTO dead_letter (item, feed, attempt, stage, code, kind, at, outcome, previous)
     SELECT id, feed, attempts, ?, ?, ?, ?, ?, (SELECT max(id) FROM dead_letter WHERE item = item.id)
     FROM item WHERE id = ?`,
    codes[code].stage,
    code,
    codes[code].kind,
    now(),
    refusal.outcome ?? null,
    refusal.item,
  );
}

export function deadLetters(store: Store): DeadLetters {
  return {
    async deadLetters({ limit = 1000, feed, state, code, item } = {}) {
      const { sql, values } = where({ 'd.feed': feed, 'd.state': state, 'd.code': code, 'd.item': item });
      const rows = store.all<Record<string, unknown>>(
        `SELECT ${LETTER} ${sql} ORDER BY d.id DESC LIMIT ?`,
        ...values,
        limit,
      );
      return rows.map(letterRow);
    },

    async openLetters() {
      const rows = store.all<{ feed: string; count: number }>(
        "SELECT feed, count(*) AS count FROM dead_letter WHERE state = 'open' GROUP BY feed",
      );
      return Object.fromEntries(rows.map(({ feed, count }) => [feed, count]));
    },

    async deadLetter(id) {
      return letter(store, id);
    },

    async retry(ids) {
      return store.transaction(() => {
        const open = ids
          .map((id) => letter(store, id))
          .filter((row) => row !== undefined)
          .filter((row) => row.state === 'open' && row.spooled);
        const feeds = Map.groupBy(open, (row) => row.feed);
        return [...feeds].map(([feed, letters]) => retryBatch(store, feed, letters));
      });
    },

    async retryReread(id, { spool, contentDigest, size, parts }) {
      return store.transaction(() => {
        const row = letter(store, id);
        if (row?.state !== 'open') return existingRetry(store, id);
        if (isReadAlready(store, row.item, contentDigest)) {
          store.run("UPDATE dead_letter SET state = 'resolved' WHERE id = ?", id);
          return undefined;
        }
        store.run(
          'UPDATE item SET spool = ?, parts = ?, content_digest = ?, size = ? WHERE id = ?',
          spool,
          parts?.length ? store.encrypt('item.parts', JSON.stringify(parts)) : null,
          store.digest('content', contentDigest),
          size,
          row.item,
        );
        return retryBatch(store, row.feed, [row]);
      });
    },

    async discard(ids) {
      return store.transaction(() =>
        ids.reduce(
          (sum, id) =>
            sum + store.run("UPDATE dead_letter SET state = 'discarded' WHERE id = ? AND state = 'open'", id),
          0,
        ),
      );
    },
  };
}

function letter(store: Store, id: number): DeadLetterRow | undefined {
  const row = store.get<Record<string, unknown>>(`SELECT ${LETTER} WHERE d.id = ?`, id);
  return row && letterRow(row);
}

/** The same content of the same source key came in as another item since. */
function isReadAlready(store: Store, item: string, contentDigest: string): boolean {
  const other = store.get(
    `SELECT other.id FROM item JOIN item AS other ON other.feed = item.feed AND other.key_digest = item.key_digest
     WHERE item.id = ? AND other.id <> item.id AND other.content_digest = ?`,
    item,
    store.digest('content', contentDigest),
  );
  return other !== undefined;
}

/** A letter is retried once, so its id names the batch. */
function retryBatch(store: Store, feed: string, letters: readonly DeadLetterRow[]): BatchRow {
  const id = `${feed}-retry-${letters[0]!.id}`;
  const run = store.get<{ run: string }>('SELECT run FROM item WHERE id = ?', letters[0]!.item)!.run;
  for (const { id: letterId, item } of letters) {
    store.run("UPDATE dead_letter SET state = 'retried' WHERE id = ?", letterId);
    store.run(
      `UPDATE item SET batch = ?, attempts = attempts + 1, dead = 0, normalize = 'pending', store = 'pending',
       bundle = NULL WHERE id = ?`,
      id,
      item,
    );
  }
  store.run(
    `INSERT INTO batch (id, feed, run, state, items, refused, duplicates, bytes, drained, read_at)
     SELECT ?, ?, ?, 'read', count(*), 0, 0, coalesce(sum(size), 0), 0, ? FROM item WHERE batch = ?`,
    id,
    feed,
    run,
    now(),
    id,
  );
  return batchRow(store.get<Record<string, unknown>>(`SELECT ${BATCH} FROM batch WHERE id = ?`, id)!);
}

function existingRetry(store: Store, id: number): BatchRow {
  const row = store.get<Record<string, unknown>>(
    `SELECT ${BATCH} FROM batch WHERE id = (SELECT feed || '-retry-' || id FROM dead_letter WHERE id = ?)`,
    id,
  );
  if (!row) throw new BridgeError('cli.not-found', 'the letter is not open');
  return batchRow(row);
}
