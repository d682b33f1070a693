/** Records whose keys were destroyed on purpose: what tells an erasure from a loss. */
import { now, type Store } from './store.ts';
import type { Erasure, ErasureTable } from './types.ts';

interface Columns {
  readonly item: string;
  readonly at: string;
  readonly closed: number | null;
  readonly anchored: number | null;
}

export function erasureTable(store: Store): ErasureTable {
  return {
    async beginErasure(patientRef, items) {
      const at = now();
      const insert = (item: string) =>
        store.insert('erasure', { item, patient_ref: patientRef, at, closed: null, anchored: null }, 'OR IGNORE');
      store.transaction(() => items.forEach(insert));
    },

    async proveErasure(item, { closed, anchored }) {
      store.transaction(() =>
        store.run('UPDATE erasure SET closed = ?, anchored = ? WHERE item = ?', Number(closed), Number(anchored), item),
      );
    },

    async erasure(item) {
      const row = store.get<Columns>('SELECT item, at, closed, anchored FROM erasure WHERE item = ?', item);
      return row && erasureOf(row);
    },

    async wasErased(patientRef) {
      return store.get('SELECT 1 FROM erasure WHERE patient_ref = ? LIMIT 1', patientRef) !== undefined;
    },
  };
}

function erasureOf({ item, at, closed, anchored }: Columns): Erasure {
  return {
    item,
    at,
    closed: closed === null ? null : closed === 1,
    anchored: anchored === null ? null : anchored === 1,
  };
}
