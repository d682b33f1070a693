/** Completeness of a record, 0 to 1. */
import type { Coverage, Issue } from '../core/types.ts';

/**
 * Share of the populated source places that were read, less those that were read but gave nothing
 * (invalid or missing values). A source without places counts as whole. Three decimals.
 */
export function quality(coverage: Coverage, issues: readonly Issue[]): number {
  if (coverage.seen === 0) return 1;
  const lost = issues.filter((issue) => issue.code === 'field.invalid' || issue.code === 'field.missing').length;
  const kept = Math.max(0, coverage.mapped - lost);
  return Math.round((1000 * kept) / coverage.seen) / 1000;
}
