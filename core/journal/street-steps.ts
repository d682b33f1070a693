/** Journal steps from normalising to the receipt: one transaction each, nothing twice. */
import { writeLetter } from './letters.ts';
import { writeScores } from './likeness-table.ts';
import { BATCH, batchRow, itemParts } from './rows.ts';
import { now, type Store } from './store.ts';
import type { Accepted, BatchRow, JournalSteps, NormalizeResult, Refusal, SealedBatch } from './types.ts';

type StreetSteps = Pick<
  JournalSteps,
  'addNormalized' | 'addSealed' | 'addStored' | 'addReceipts' | 'addReorg' | 'release' | 'unreleased'
>;

export function streetSteps(store: Store): StreetSteps {
  return {
    async addNormalized(batch, results) {
      return store.transaction(() => {
        for (const result of results) writeResult(store, batch, result);
        closeNormalize(store, batch);
        return batchOf(store, batch);
      });
    },

    async addSealed(batch, sealed) {
      return store.transaction(() => {
        if (batchOf(store, batch).state === 'normalized') writeSealed(store, batch, sealed);
        return batchOf(store, batch);
      });
    },

    async addStored(batch) {
      return store.transaction(() => {
        const changed = store.run(
          "UPDATE batch SET state = 'stored', stored_at = ? WHERE id = ? AND state = 'sealed'",
          now(),
          batch,
        );
        if (changed) setItems(store, batch, 'store', 'pinned');
        return batchOf(store, batch);
      });
    },

    async addReceipts(batch, receipts, status) {
      return store.transaction(() => {
        if (batchOf(store, batch).state === 'final') return batchOf(store, batch);
        for (const { item, receipt } of receipts) {
          store.insert('receipt', { item, json: JSON.stringify(receipt) }, 'OR REPLACE');
        }
        store.run(
          'UPDATE batch SET state = ?, final_at = ? WHERE id = ?',
          status,
          status === 'final' ? now() : null,
          batch,
        );
        setItems(store, batch, 'anchor', status);
        return batchOf(store, batch);
      });
    },

    async addReorg(batch) {
      return store.transaction(() => {
        const changed = store.run(
          "UPDATE batch SET state = 'stored', final_at = NULL WHERE id = ? AND state IN ('included', 'final')",
          batch,
        );
        if (changed) {
          store.run('DELETE FROM receipt WHERE item IN (SELECT item FROM record WHERE batch = ?)', batch);
          setItems(store, batch, 'anchor', 'reorged');
        }
        return batchOf(store, batch);
      });
    },

    async release(batch, removed) {
      const rows = store.all<{ spool: string | null; bundle: string | null; parts: unknown }>(
        `SELECT spool, bundle, parts FROM item WHERE anchor = 'final' AND dead = 0
         AND id IN (SELECT item FROM record WHERE batch = ?)`,
        batch,
      );
      if (removed) {
        store.transaction(() => {
          store.run("UPDATE batch SET released = 1 WHERE id = ? AND state = 'final'", batch);
          store.run(
            `UPDATE item SET spool = NULL, bundle = NULL, parts = NULL WHERE anchor = 'final' AND dead = 0
           AND id IN (SELECT item FROM record WHERE batch = ?)`,
            batch,
          );
        });
      }
      return rows.flatMap(({ spool, bundle, parts }) => [
        ...itemParts(store, parts).map((part) => part.spool),
        ...[spool, bundle].filter((id) => id !== null),
      ]);
    },

    async unreleased() {
      const rows = store.all<{ id: string }>("SELECT id FROM batch WHERE state = 'final' AND released = 0");
      return rows.map((row) => row.id);
    },
  };
}

/** One leg's status of all sealed records of a batch. */
export function setItems(store: Store, batch: string, leg: 'store' | 'anchor', status: string): void {
  store.run(`UPDATE item SET ${leg} = ? WHERE id IN (SELECT item FROM record WHERE batch = ?)`, status, batch);
}

export function batchOf(store: Store, id: string): BatchRow {
  const row = store.get<Record<string, unknown>>(`SELECT ${BATCH} FROM batch WHERE id = ?`, id);
  if (!row) throw new RangeError('no such batch in the journal');
  return batchRow(row);
}

function writeResult(store: Store, batch: string, result: NormalizeResult): void {
  const pending = store.get<{ feed: string }>(
    "SELECT feed FROM item WHERE id = ? AND batch = ? AND normalize = 'pending' AND dead = 0",
    result.item,
    batch,
  );
  if (!pending) return;
  if (result.coverage) addCoverage(store, pending.feed, result);
  if (result.status === 'rejected') refuse(store, result);
  else accept(store, result);
}

function refuse(store: Store, refusal: Refusal): void {
  store.run("UPDATE item SET normalize = 'rejected', dead = 1 WHERE id = ?", refusal.item);
  writeLetter(store, refusal);
}

function accept(store: Store, result: Accepted): void {
  const { name, version, sha256 } = result.mapping;
  store.insert('mapping', { name, version, sha256 }, 'OR IGNORE');
  store.run(
    `UPDATE item SET normalize = ?, bundle = ?, patient_ref = ?, quality = ?, issues = ?,
     mapping = (SELECT id FROM mapping WHERE name = ? AND version = ? AND sha256 = ?),
     tag_counter = CASE WHEN patient_ref = ? AND tag_counter IS NOT NULL THEN tag_counter ELSE ? END
     WHERE id = ?`,
    result.status,
    result.bundle,
    result.patientRef,
    result.quality,
    result.issues,
    name,
    version,
    sha256,
    result.patientRef,
    nextTag(store, result),
    result.item,
  );
}

/** A counter is given once for an item and its patient; a retried item keeps it, so that its tag stays the same. */
function nextTag(store: Store, { item, patientRef }: Accepted): number | null {
  const kept = store.get(
    'SELECT 1 FROM item WHERE id = ? AND patient_ref = ? AND tag_counter IS NOT NULL',
    item,
    patientRef,
  );
  if (kept) return null;
  return store.get<{ given: number }>(
    `INSERT INTO tag_counter (patient_ref, next) VALUES (?, 1)
     ON CONFLICT (patient_ref) DO UPDATE SET next = next + 1 RETURNING next - 1 AS given`,
    patientRef,
  )!.given;
}

function addCoverage(store: Store, feed: string, { coverage, ...result }: NormalizeResult): void {
  if (!coverage) return;
  const mapping = result.status === 'rejected' ? '(refused)' : result.mapping.name;
  store.run(
    `INSERT INTO coverage (feed, mapping, items, seen, mapped) VALUES (?, ?, 1, ?, ?) ON CONFLICT (feed, mapping)
     DO UPDATE SET items = items + 1, seen = seen + excluded.seen, mapped = mapped + excluded.mapped`,
    feed,
    mapping,
    coverage.seen,
    coverage.mapped,
  );
  for (const [place, count] of Object.entries(coverage.left)) {
    store.run(
      `INSERT INTO coverage_left (feed, mapping, place, count) VALUES (?, ?, ?, ?)
       ON CONFLICT (feed, mapping, place) DO UPDATE SET count = count + excluded.count`,
      feed,
      mapping,
      place,
      count,
    );
  }
  for (const [code, count] of Object.entries(coverage.unmappedCodes)) {
    store.run(
      `INSERT INTO unmapped_code (feed, code, count) VALUES (?, ?, ?)
       ON CONFLICT (feed, code) DO UPDATE SET count = count + excluded.count`,
      feed,
      code,
      count,
    );
  }
}

function closeNormalize(store: Store, batch: string): void {
  const left = store.get<{ pending: number; good: number }>(
    `SELECT count(*) FILTER (WHERE normalize = 'pending') AS pending,
     count(*) FILTER (WHERE normalize IN ('ok', 'issues')) AS good FROM item WHERE batch = ? AND dead = 0`,
    batch,
  )!;
  if (left.pending > 0) return;
  store.run(
    "UPDATE batch SET state = ? WHERE id = ? AND state = 'read'",
    left.good > 0 ? 'normalized' : 'empty',
    batch,
  );
}

function writeSealed(store: Store, batch: string, sealed: SealedBatch): void {
  for (const refusal of sealed.refused) {
    store.run('UPDATE item SET dead = 1 WHERE id = ?', refusal.item);
    writeLetter(store, refusal);
  }
  sealed.records.forEach((record, leafIndex) => {
    store.insert('record', {
      item: record.item,
      batch,
      leaf_index: leafIndex,
      content_cid: record.contentCid,
      capsule_cid: record.capsuleCid,
      parts_cid: record.partsCid ?? null,
      size: record.size,
      commitment: record.commitment,
      tag: record.tag,
    });
    store.run("UPDATE dead_letter SET state = 'resolved' WHERE item = ? AND state = 'retried'", record.item);
  });
  writeScores(store, sealed.scores ?? []);
  store.run(
    'UPDATE batch SET state = ?, manifest_cid = ?, root = ?, count = ?, car_path = ?, quality = ? WHERE id = ?',
    sealed.records.length > 0 ? 'sealed' : 'empty',
    sealed.manifestCid,
    sealed.root,
    sealed.records.length,
    sealed.carPath,
    sealed.quality ?? null,
    batch,
  );
}
