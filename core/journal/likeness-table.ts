/** Quality of sealed records, and the signatures that later ones are compared with. */
import type { Store } from './store.ts';
import type { LikenessTable, RecordScore } from './types.ts';

export function likenessTable(store: Store): LikenessTable {
  return {
    async signatures(patientRef, before, limit) {
      const rows = store.all<{ signature: Uint8Array }>(
        'SELECT signature FROM likeness WHERE patient_ref = ? AND tag_counter < ? ORDER BY tag_counter DESC LIMIT ?',
        patientRef,
        before,
        limit,
      );
      return rows.map((row) => row.signature);
    },

    async forgetSignatures(patientRef) {
      store.transaction(() => store.run('DELETE FROM likeness WHERE patient_ref = ?', patientRef));
    },
  };
}

/** Within the transaction that writes the records. */
export function writeScores(store: Store, scores: readonly RecordScore[]): void {
  for (const { item, score, signature } of scores) {
    store.run('UPDATE record SET quality = ? WHERE item = ?', score, item);
    store.run(
      `INSERT OR REPLACE INTO likeness (item, patient_ref, tag_counter, signature)
       SELECT id, patient_ref, tag_counter, ? FROM item WHERE id = ?`,
      signature,
      item,
    );
  }
}
