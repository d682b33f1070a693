/** The one owner of the signer's nonce. What is to be anchored stands in the journal; signals only wake it. */
import { continueAsNew, defineSignal, proxyActivities, setHandler } from '@temporalio/workflow';
import { type AnchorActivities, enqueueSignal } from './contract.ts';
import { anchoring } from './policies.ts';

const { anchorStored } = proxyActivities<AnchorActivities>(anchoring);

const ROUNDS_A_RUN = 200;

/** Ends when everything that was stored is final; the next signal with start begins it anew. */
export async function anchor(): Promise<void> {
  let woken = false;
  setHandler(defineSignal<[string]>(enqueueSignal), () => {
    woken = true;
  });
  for (let round = 0; round < ROUNDS_A_RUN; round++) {
    woken = false;
    const { idle } = await anchorStored();
    if (idle && !woken) return;
  }
  await continueAsNew<typeof anchor>();
}
