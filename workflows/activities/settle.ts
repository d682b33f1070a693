/** Tells a source what became of its items. The journal is the truth: a source that cannot listen changes nothing. */
import type { ItemRow } from '../../core/journal/index.ts';
import type { Outcome } from '../../core/types.ts';
import type { StepDeps } from './deps.ts';
import { stepError } from './step.ts';

export async function settle(deps: StepDeps, items: readonly ItemRow[], outcome: Outcome): Promise<void> {
  for (const [feed, rows] of Map.groupBy(items, (item) => item.feed)) {
    if (!deps.sources.names().includes(feed)) continue;
    const { source } = deps.sources.get(feed);
    if (!source.settle) continue;
    try {
      await source.settle(await Promise.all(rows.map((row) => deps.journal.sourceKey(row.id))), outcome);
    } catch (error) {
      const { code } = stepError(error);
      deps.log.warn('a source could not be told what became of its items', { feed, code, count: rows.length });
    }
  }
}
