/** Further places and the batches that they have. */
import { BATCH, batchRow } from './rows.ts';
import { now, type Store } from './store.ts';
import type { CopyTable } from './types.ts';

export function copyTable(store: Store): CopyTable {
  return {
    async addCopy(batch, target) {
      store.transaction(() => store.insert('copy', { batch, target, at: now() }, 'OR IGNORE'));
    },

    async copies(batch) {
      const rows = store.all<{ target: string }>('SELECT target FROM copy WHERE batch = ? ORDER BY target', batch);
      return rows.map((row) => row.target);
    },

    async withoutCopy(target, limit) {
      return store
        .all<Record<string, unknown>>(
          `SELECT ${BATCH} FROM batch WHERE state IN ('stored', 'included', 'final')
           AND NOT EXISTS (SELECT 1 FROM copy WHERE copy.batch = batch.id AND copy.target = ?) ORDER BY rowid LIMIT ?`,
          target,
          limit,
        )
        .map(batchRow);
    },
  };
}
