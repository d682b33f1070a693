/** The fourth step: the CAR file into the IPFS nodes, its root pinned, and the batch handed over to anchoring. */
import { createReadStream } from 'node:fs';
import { failpoint } from '../../core/failpoint.ts';
import { catchUp, copyBatch, partsOf } from './copies.ts';
import type { StepDeps } from './deps.ts';
import { settle } from './settle.ts';

export async function storeBatch(deps: StepDeps, batch: string, signal: AbortSignal): Promise<{ stored: number }> {
  const { journal, kubo, metrics } = deps;
  const row = await journal.batch(batch);
  const { state, manifestCid, carPath, feed, count } = row;
  if (state === 'sealed') {
    const { bytes } = await kubo.importCar(
      createReadStream(carPath!, { highWaterMark: 1 << 20 }),
      manifestCid!,
      signal,
    );
    failpoint('store.imported');
    // The manifest holds them now; their own pins, set while there was no manifest, would keep them for ever.
    for (const part of await partsOf(deps, batch, signal)) await kubo.unpin(part, signal);
    await copyBatch(deps, row, signal);
    failpoint('store.copied');
    await journal.addStored(batch);
    failpoint('store.journaled');
    metrics.records(feed, 'store', 'ok', count);
    metrics.bytes(feed, 'store', bytes);
    const sealed = (await journal.batchItems(batch)).filter((item) => item.store === 'pinned');
    await settle(deps, sealed, 'stored');
  }
  await deps.requestAnchor(batch);
  await catchUp(deps, signal);
  return { stored: count };
}
