/** What a read spooled that was killed before its commit: the next read may give the item other bytes, or none. */
import type { Journal } from '../core/journal/index.ts';
import type { Spool } from '../core/spool/spool.ts';

const OF_A_READ = /^([0-9a-f]{32})\.(raw|head|part\.\d+)$/;

/**
 * Removes what was read of items that the journal does not know. Only before any read begins: a running one spools
 * first and commits later.
 * @returns how many entries were removed
 */
export async function sweepSpool(spool: Spool, journal: Pick<Journal, 'item'>): Promise<number> {
  const orphans: string[] = [];
  for (const id of spool.ids()) {
    const item = OF_A_READ.exec(id)?.[1];
    if (item !== undefined && !(await journal.item(item))) orphans.push(id);
  }
  await spool.remove(orphans);
  return orphans.length;
}
