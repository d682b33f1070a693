/** The fourth step: the CAR file into the IPFS node, its root pinned, and the batch handed over to anchoring. */
import { createReadStream } from 'node:fs';
import { decodeParts } from '../../anchor/store/manifest.ts';
import { failpoint } from '../../core/failpoint.ts';
import type { StepDeps } from './deps.ts';
import { settle } from './settle.ts';

export async function storeBatch(deps: StepDeps, batch: string, signal: AbortSignal): Promise<{ stored: number }> {
  const { journal, kubo, metrics } = deps;
  const { state, manifestCid, carPath, feed, count } = await journal.batch(batch);
  if (state === 'sealed') {
    const { bytes } = await kubo.importCar(
      createReadStream(carPath!, { highWaterMark: 1 << 20 }),
      manifestCid!,
      signal,
    );
    failpoint('store.imported');
    await letGoOfParts(deps, batch, signal);
    await journal.addStored(batch);
    failpoint('store.journaled');
    metrics.records(feed, 'store', 'ok', count);
    metrics.bytes(feed, 'store', bytes);
    const sealed = (await journal.batchItems(batch)).filter((item) => item.store === 'pinned');
    await settle(deps, sealed, 'stored');
  }
  await deps.requestAnchor(batch);
  return { stored: count };
}

/** The manifest holds them now; their own pins, set while there was no manifest, would keep them for ever. */
async function letGoOfParts({ journal, kubo }: StepDeps, batch: string, signal: AbortSignal): Promise<void> {
  for (const { partsCid } of await journal.batchRecords(batch)) {
    if (partsCid === undefined) continue;
    for (const { cid } of decodeParts(await kubo.blockGet(partsCid, signal))) await kubo.unpin(cid, signal);
  }
}
