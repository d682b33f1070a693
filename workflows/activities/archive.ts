/** CAR files of batches that have been final for long enough leave the disk; the nodes keep the blocks. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepDeps } from './deps.ts';

const DAY_MS = 86_400_000;

/** Does nothing without a limit: the archive is what a lost block is restored from where there is no replica. */
export async function pruneArchive({ journal, carFolder, archiveDays }: StepDeps): Promise<void> {
  if (archiveDays === undefined) return;
  const before = new Date(Date.now() - archiveDays * DAY_MS).toISOString();
  for (const name of await readdir(carFolder).catch(() => [])) {
    // Later key packets are of no batch: without a replica their archive is the only second copy.
    if (!name.endsWith('.car') || name.startsWith('capsules-')) continue;
    const { state, finalAt } = await journal.batch(name.slice(0, -'.car'.length));
    if (state === 'final' && finalAt !== null && finalAt <= before) await rm(join(carFolder, name), { force: true });
  }
}
