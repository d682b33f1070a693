/** Copies of stored batches in further places: as many as are required before anchoring, the rest when they can. */
import { decodeParts } from '../../anchor/store/manifest.ts';
import type { CopyTarget } from '../../anchor/store/replica.ts';
import type { BatchRow } from '../../core/journal/index.ts';
import type { StepDeps } from './deps.ts';
import { stepError } from './step.ts';

/** Older batches that one step makes up for, for each place, so that no step lasts for ever. */
const CAUGHT_UP = 4;

type CopyDeps = Pick<StepDeps, 'journal' | 'kubo' | 'copies' | 'log'>;

/**
 * Gives a batch, which lies on the first node, to every place that does not have it.
 * @throws BridgeError of a place that failed, when fewer than the required number have the batch
 */
export async function copyBatch(deps: CopyDeps, batch: BatchRow, signal: AbortSignal): Promise<void> {
  const { journal, copies } = deps;
  const known = new Set(await journal.copies(batch.id));
  const open = copies.targets.filter((target) => !known.has(target.name));
  const results = await Promise.allSettled(open.map((target) => copyTo(deps, target, batch, signal)));
  signal.throwIfAborted();
  const failed = results.filter((result) => result.status === 'rejected');
  const have = 1 + copies.targets.length - failed.length;
  if (have < copies.required) throw failed[0]!.reason;
}

/** Whoever was away gets what was missed meanwhile. Never fails: the next step tries again. */
export async function catchUp(deps: CopyDeps, signal: AbortSignal): Promise<void> {
  for (const target of deps.copies.targets) {
    try {
      for (const batch of await deps.journal.withoutCopy(target.name, CAUGHT_UP))
        await copyTo(deps, target, batch, signal);
    } catch {
      signal.throwIfAborted();
    }
  }
}

/** CIDs of all sealed parts of a batch. */
export async function partsOf({ journal, kubo }: CopyDeps, batch: string, signal: AbortSignal): Promise<string[]> {
  const cids: string[] = [];
  for (const { partsCid } of await journal.batchRecords(batch))
    if (partsCid !== undefined)
      for (const { cid } of decodeParts(await kubo.blockGet(partsCid, signal))) cids.push(cid);
  return cids;
}

/** Journaled when it is done. */
export async function copyTo(deps: CopyDeps, target: CopyTarget, batch: BatchRow, signal: AbortSignal): Promise<void> {
  const { id, manifestCid, carPath } = batch;
  try {
    const parts = await partsOf(deps, id, signal);
    await target.keep({ manifest: manifestCid!, ...(carPath === null ? {} : { carPath }), parts }, signal);
    await deps.journal.addCopy(id, target.name);
  } catch (error) {
    signal.throwIfAborted();
    const known = stepError(error);
    deps.log.warn('a copy could not be made', { batch: id, service: target.name, code: known.code });
    throw known;
  }
}
