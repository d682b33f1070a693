/** Codes without a mapping as a table to be filled: most frequent first, so that an hour of work covers the most rows. */
import type { CodeRow } from '../../../normalizer/terminology/code-map.ts';

export interface Unmapped {
  /** `system|code`, or the name of a code map instead of a system. */
  readonly code: string;
  readonly count: number;
}

/** Counts of several feeds and maps are added up. */
export function workList(unmapped: Iterable<Unmapped>, targetSystem: string): CodeRow[] {
  const counts = new Map<string, number>();
  for (const { code, count } of unmapped) counts.set(code, (counts.get(code) ?? 0) + count);
  return [...counts]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .map(([key, count]) => {
      const bar = key.indexOf('|');
      return {
        sourceSystem: key.slice(0, Math.max(0, bar)),
        sourceCode: key.slice(bar + 1),
        targetSystem,
        equivalence: 'unmatched',
        count,
      };
    });
}
