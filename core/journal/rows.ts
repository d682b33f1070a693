/** From columns to the rows that callers see. */
import type { Store } from './store.ts';
import type { BatchRow, DeadLetterRow, ItemPart, ItemRow, RecordRow } from './types.ts';

type Columns = Record<string, unknown>;

/** Columns of `batch` under the names of `BatchRow`. */
export const BATCH = `id, feed, run, state, items, refused, duplicates, bytes, drained, manifest_cid AS manifestCid, root,
  count, car_path AS carPath, read_at AS readAt, stored_at AS storedAt, final_at AS finalAt, quality`;

export const ITEM = `id, feed, run, batch, kind, charset, size, received_at AS receivedAt, attempts, version, supersedes,
  normalize, store, anchor, dead, spool, parts, bundle, patient_ref AS patientRef, tag_counter AS tagCounter, issues, quality`;

export const RECORD = `r.item, r.batch, r.leaf_index AS leafIndex, r.content_cid AS contentCid,
  r.capsule_cid AS capsuleCid, r.parts_cid AS partsCid, r.size, r.commitment, r.tag, i.patient_ref AS patientRef,
  i.quality, r.quality AS score, m.name, m.version, m.sha256
  FROM record r JOIN item i ON i.id = r.item JOIN mapping m ON m.id = i.mapping`;

export const LETTER = `d.id, d.item, d.feed, d.attempt, d.stage, d.code, d.kind, d.at, d.outcome,
  i.head, i.spool IS NOT NULL AS spooled, d.state, d.previous FROM dead_letter d JOIN item i ON i.id = d.item`;

export function batchRow(row: Columns): BatchRow {
  return { ...row, drained: row.drained === 1 } as unknown as BatchRow;
}

export function itemRow(store: Store, row: Columns): ItemRow {
  return { ...row, dead: row.dead === 1, parts: itemParts(store, row.parts) } as unknown as ItemRow;
}

/** The column is empty for items without parts. */
export function itemParts(store: Store, column: unknown): ItemPart[] {
  return column instanceof Uint8Array ? JSON.parse(store.decrypt('item.parts', column)) : [];
}

export function recordRow({ name, version, sha256, partsCid, ...row }: Columns): RecordRow {
  const parts = partsCid === null ? {} : { partsCid };
  return { ...row, ...parts, mapping: { name, version, sha256 } } as unknown as RecordRow;
}

export function letterRow(row: Columns): DeadLetterRow {
  return { ...row, spooled: row.spooled === 1 } as unknown as DeadLetterRow;
}
