/** Quality of the records of one batch, each among the patient's earlier ones, of this batch too. */
import { createSecretKey } from 'node:crypto';
import type { ItemRow, RecordScore } from '../../core/journal/index.ts';
import { completeness } from '../../core/quality/completeness.ts';
import { signatureOf } from '../../core/quality/likeness.ts';
import { COMPARED, score } from '../../core/quality/score.ts';
import type { Json } from '../../core/quality/tree.ts';
import type { StepDeps } from './deps.ts';

export interface BatchScorer {
  /** @returns basis points */
  add(item: ItemRow, bundle: Uint8Array): Promise<number>;
  /** Of all that were added. */
  scores(): readonly RecordScore[];
}

export function batchScorer({ journal, keystore }: Pick<StepDeps, 'journal' | 'keystore'>): BatchScorer {
  const key = createSecretKey(keystore.hospitalKey('dhc/likeness/1'));
  const done: (RecordScore & { readonly patientRef: string })[] = [];
  return {
    async add({ id, patientRef, tagCounter, quality }, bytes) {
      const bundle = JSON.parse(Buffer.from(bytes).toString()) as Json;
      const signature = signatureOf(bundle, key);
      const here = done.filter((one) => one.patientRef === patientRef).map((one) => one.signature);
      const before = await journal.signatures(patientRef!, tagCounter!, COMPARED);
      const points = score(completeness(bundle, quality ?? 1), signature, [...here, ...before]);
      done.push({ item: id, score: points, signature, patientRef: patientRef! });
      return points;
    },
    scores: () => done.map(({ item, score, signature }) => ({ item, score, signature })),
  };
}
