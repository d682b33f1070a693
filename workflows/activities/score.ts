/** Scores of the records of one batch, each among the patient's earlier ones, of this batch too. */
import type { Quality } from '../../anchor/seal/named.ts';
import type { ItemRow, RecordScore } from '../../core/journal/index.ts';
import { COMPARED, score } from '../../core/quality/score.ts';
import type { StepDeps } from './deps.ts';

export interface BatchScorer {
  /** @returns basis points */
  add(item: ItemRow, quality: Quality): Promise<number>;
  /** Of all that were added. */
  scores(): readonly RecordScore[];
}

export function batchScorer({ journal }: Pick<StepDeps, 'journal'>): BatchScorer {
  const done: RecordScore[] = [];
  /** By patient: of earlier batches, and of this one. */
  const known = new Map<string, Uint8Array[]>();
  return {
    async add({ id, patientRef, tagCounter }, { complete, signature }) {
      const earlier = known.get(patientRef!) ?? (await journal.signatures(patientRef!, tagCounter!, COMPARED));
      const points = score(complete, signature, earlier);
      earlier.push(signature);
      known.set(patientRef!, earlier);
      done.push({ item: id, score: points, signature });
      return points;
    },
    scores: () => done,
  };
}
