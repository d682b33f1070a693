/** The quality of a record among the others of its patient, in basis points: completeness × (1 − greatest likeness). */
import { likeness } from './likeness.ts';

export const FULL_SCORE = 10_000;
/** Earlier records of the patient that one is compared with, the latest first. */
export const COMPARED = 256;

/** @param earlier signatures of records that were sealed before */
export function score(complete: number, signature: Uint8Array, earlier: readonly Uint8Array[]): number {
  const alike = earlier.reduce((most, other) => Math.max(most, likeness(signature, other)), 0);
  return Math.round(FULL_SCORE * complete * (1 - alike));
}

/** Mean of the records of a batch, rounded. */
export function meanScore(scores: readonly number[]): number {
  return Math.round(scores.reduce((sum, one) => sum + one, 0) / scores.length);
}
