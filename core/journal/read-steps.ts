/** Journal steps at the left end of the street: runs, positions and what was read. */
import { writeLetter } from './letters.ts';
import { BATCH, batchRow } from './rows.ts';
import { now, type Store } from './store.ts';
import type { BatchRow, JournalSteps, NewItem, NewRefused, ReadStep } from './types.ts';

type ReadSteps = Pick<JournalSteps, 'beginRun' | 'endRun' | 'position' | 'known' | 'addRead' | 'addPosition'>;

export function readSteps(store: Store): ReadSteps {
  return {
    async beginRun(feed, kind, run) {
      store.transaction(() => {
        store.insert('feed', { name: feed, kind }, 'OR IGNORE');
        store.run(
          "UPDATE run SET state = 'interrupted', ended_at = ? WHERE feed = ? AND state = 'running' AND id <> ?",
          now(),
          feed,
          run,
        );
        store.insert('run', { id: run, feed, state: 'running', started_at: now() }, 'OR IGNORE');
      });
    },

    async endRun(run, state) {
      store.run("UPDATE run SET state = ?, ended_at = ? WHERE id = ? AND state = 'running'", state, now(), run);
    },

    async position(feed) {
      const row = store.get<{ seq: number; cursor: Uint8Array | null }>(
        'SELECT seq, cursor FROM feed WHERE name = ?',
        feed,
      );
      return {
        seq: row?.seq ?? 0,
        cursor: row?.cursor ? JSON.parse(store.decrypt('feed.cursor', row.cursor)) : null,
      };
    },

    async known(feed, candidates) {
      return candidates.map(({ sourceKey, contentDigest }) => isKnown(store, feed, sourceKey, contentDigest));
    },

    async addPosition({ feed, run, cursor, duplicates }) {
      store.transaction(() => {
        store.run(
          'UPDATE feed SET cursor = ?, duplicates = duplicates + ?, last_read_at = ? WHERE name = ?',
          store.encrypt('feed.cursor', JSON.stringify(cursor ?? null)),
          duplicates,
          now(),
          feed,
        );
        store.run('UPDATE run SET duplicates = duplicates + ? WHERE id = ?', duplicates, run);
      });
    },

    async addRead(step) {
      return store.transaction(() => readBatch(store, step.feed, step.seq) ?? writeRead(store, step));
    },
  };
}

function readBatch(store: Store, feed: string, seq: number): BatchRow | undefined {
  const row = store.get<Record<string, unknown>>(`SELECT ${BATCH} FROM batch WHERE feed = ? AND seq = ?`, feed, seq);
  return row && batchRow(row);
}

function isKnown(store: Store, feed: string, sourceKey: string, contentDigest: string): boolean {
  const found = store.get(
    'SELECT 1 FROM item WHERE feed = ? AND key_digest = ? AND content_digest = ?',
    feed,
    store.digest('source-key', sourceKey),
    store.digest('content', contentDigest),
  );
  return found !== undefined;
}

function writeRead(store: Store, step: ReadStep): BatchRow {
  const id = `${step.feed}-${step.seq}`;
  const at = now();
  store.insert('batch', {
    id,
    feed: step.feed,
    run: step.run,
    seq: step.seq,
    state: 'read',
    items: 0,
    refused: 0,
    duplicates: 0,
    bytes: 0,
    drained: step.drained ? 1 : 0,
    read_at: at,
  });
  const items = step.items.filter((item) => insertItem(store, step, id, item));
  const refused = step.refused.filter((item) => insertRefused(store, step, id, item));
  const added = items.length + refused.length;
  const duplicates = step.duplicates + step.items.length + step.refused.length - added;
  store.run(
    'UPDATE batch SET state = ?, items = ?, refused = ?, duplicates = ?, bytes = ? WHERE id = ?',
    items.length > 0 ? 'read' : 'empty',
    added,
    refused.length,
    duplicates,
    items.reduce((sum, item) => sum + item.size, 0),
    id,
  );
  store.run(
    `UPDATE feed SET seq = ?, cursor = ?, items_read = items_read + ?, duplicates = duplicates + ?, last_read_at = ?
     WHERE name = ?`,
    step.seq,
    store.encrypt('feed.cursor', JSON.stringify(step.cursor ?? null)),
    added,
    duplicates,
    at,
    step.feed,
  );
  store.run('UPDATE run SET duplicates = duplicates + ? WHERE id = ?', duplicates, step.run);
  return readBatch(store, step.feed, step.seq)!;
}

/** @returns whether the item was new */
function insertItem(store: Store, step: ReadStep, batch: string, item: NewItem): boolean {
  const row = { ...common(store, step, batch, item), charset: item.charset ?? null, spool: item.spool };
  const parts = item.parts?.length ? store.encrypt('item.parts', JSON.stringify(item.parts)) : null;
  return store.insert('item', { ...row, parts }, 'OR IGNORE') === 1;
}

function insertRefused(store: Store, step: ReadStep, batch: string, item: NewRefused): boolean {
  const row = { ...common(store, step, batch, item), head: item.head, normalize: 'rejected', dead: 1 };
  if (store.insert('item', row, 'OR IGNORE') === 0) return false;
  writeLetter(store, { item: item.id, status: 'rejected', code: item.code });
  return true;
}

function common(store: Store, step: ReadStep, batch: string, item: NewItem | NewRefused) {
  const key = store.digest('source-key', item.sourceKey);
  const previous = store.get<{ id: string; version: number }>(
    'SELECT id, version FROM item WHERE feed = ? AND key_digest = ? ORDER BY version DESC LIMIT 1',
    step.feed,
    key,
  );
  return {
    id: item.id,
    feed: step.feed,
    run: step.run,
    batch,
    kind: item.kind,
    key_digest: key,
    content_digest: store.digest('content', item.contentDigest),
    source_key: store.encrypt('item.source_key', item.sourceKey),
    size: item.size,
    received_at: item.receivedAt,
    version: (previous?.version ?? 0) + 1,
    supersedes: previous?.id ?? null,
  };
}
