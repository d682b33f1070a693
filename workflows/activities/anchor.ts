/** The last step: stored batches onto the chain, watched until they are final, their receipts written. */
import { setTimeout as wait } from 'node:timers/promises';
import { makeReceipts } from '../../anchor/chain/receipts.ts';
import { BridgeError } from '../../core/errors.ts';
import { failpoint } from '../../core/failpoint.ts';
import type { BatchRow, RecordRow } from '../../core/journal/index.ts';
import type { AnchorStatus, SealedRecord } from '../../core/types.ts';
import { pruneArchive } from './archive.ts';
import type { StepDeps } from './deps.ts';
import { settle } from './settle.ts';

/** The workflow's history grows by a few events an activity, so one activity stays for many rounds. */
const LONGEST_MS = 30 * 60_000;
/** Batches that may wait for their block at the same time. */
const IN_FLIGHT = 16;

export async function anchorStored(deps: StepDeps, signal: AbortSignal): Promise<{ idle: boolean }> {
  const end = Date.now() + LONGEST_MS;
  for (const batch of await deps.journal.unreleased()) await finish(deps, batch);
  await reopenLost(deps, signal);
  await pruneArchive(deps);
  while (Date.now() < end && !deps.stopping.aborted) {
    const open = await deps.journal.batches({ states: ['stored', 'included'], limit: IN_FLIGHT });
    if (open.length === 0) return { idle: true };
    const counts: Partial<Record<AnchorStatus, number>> = {};
    let moved = false;
    for (const batch of open) {
      const status = await anchorRound(deps, batch, signal);
      counts[status] = (counts[status] ?? 0) + 1;
      moved ||= status === 'final';
    }
    deps.metrics.anchors(counts);
    if (!moved) await pause(deps.anchorPollMs, AbortSignal.any([signal, deps.stopping]));
    signal.throwIfAborted();
  }
  return { idle: false };
}

/** Ends early, without an error, when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => {});
}

/** A chain that was set back behind its finality has lost anchors: the newest ones first, so this stops early. */
async function reopenLost(deps: StepDeps, signal: AbortSignal): Promise<void> {
  for (const batch of await deps.journal.batches({ states: ['final'], newestFirst: true, limit: 1_000_000 })) {
    if ((await look(deps, batch, signal)).event) return;
    await deps.journal.addReorg(batch.id);
    deps.log.warn('the chain lost a final anchor', { batch: batch.id });
  }
}

async function look(deps: StepDeps, batch: BatchRow, signal: AbortSignal) {
  const records = (await deps.journal.batchRecords(batch.id)).map(sealedRecord);
  const tags = records.map(({ record }) => record.tag);
  const anchored = { id: batch.id, manifestCid: batch.manifestCid!, root: batch.root!, tags };
  return { records, ...(await deps.anchorer.advance(anchored, signal)) };
}

/** One look at one batch, and what follows from it. */
async function anchorRound(deps: StepDeps, batch: BatchRow, signal: AbortSignal): Promise<AnchorStatus> {
  const { journal } = deps;
  const { records, status, event } = await look(deps, batch, signal);
  failpoint(`anchor.${status}`);
  if (!event) {
    if (batch.state === 'included') await journal.addReorg(batch.id);
    return status;
  }
  if (status !== 'included' && status !== 'final') throw new BridgeError('item.internal', 'an anchor without a status');
  if (status === 'included' && batch.state === 'included' && (await hasReceipts(deps, records, event.block.hash))) {
    return status;
  }
  const receipts = makeReceipts(
    { chainId: deps.chainId, event, status },
    { manifestCid: batch.manifestCid!, records: records.map(({ record }) => record) },
  );
  const items = receipts.map((receipt, index) => ({ item: records[index]!.item, receipt }));
  await journal.addReceipts(batch.id, items, status);
  failpoint('anchor.receipts');
  if (status === 'final') await finish(deps, batch.id);
  return status;
}

/** Whether the receipts name the block in which the anchor is now: a reorganisation may have moved it. */
async function hasReceipts(deps: StepDeps, records: readonly { item: string }[], block: string): Promise<boolean> {
  return (await deps.journal.receipt(records[0]!.item))?.block.hash === block;
}

/** What was only needed until now leaves the disk; the sealed bytes and the receipts remain. */
async function finish(deps: StepDeps, batch: string): Promise<void> {
  const items = await deps.journal.batchItems(batch);
  await settle(
    deps,
    items.filter((item) => item.anchor === 'final'),
    'anchored',
  );
  await deps.spool.remove(await deps.journal.release(batch, false));
  failpoint('anchor.released');
  await deps.journal.release(batch, true);
  const { feed, count } = await deps.journal.batch(batch);
  deps.metrics.records(feed, 'anchor', 'ok', count);
}

function sealedRecord(row: RecordRow): { item: string; record: SealedRecord } {
  const { item, contentCid, capsuleCid, partsCid, size, commitment, tag } = row;
  const parts = partsCid === undefined ? {} : { partsCid };
  return { item, record: { contentCid, capsuleCid, ...parts, size, commitment, tag } };
}
