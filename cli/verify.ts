/** Verifies the receipts of the journal the way an outsider would: from chain, IPFS and key, the journal only lists them. */
import { visitBatch } from '../anchor/store/links.ts';
import { VerifyCache } from '../anchor/verify/cache.ts';
import { verifyReceipt } from '../anchor/verify/verify.ts';
import type { Receipt, Verdict } from '../core/types.ts';
import type { Bridge } from '../workflows/bridge.ts';
import { judge, type Outcome } from './custody/closed.ts';
import { HeldKeys } from './custody/held-keys.ts';

export interface Verified {
  readonly item: string;
  readonly feed: string;
  readonly verdict: Verdict;
  readonly outcome: Outcome;
}

interface Anchored {
  readonly item: string;
  readonly feed: string;
  readonly receipt: Receipt;
}

const PAGE = 500;
const PACKETS_AT_ONCE = 16;

/** Items that have a receipt, newest first. */
export async function* receipts({ journal }: Bridge): AsyncGenerator<Anchored> {
  for (let offset = 0; ; offset += PAGE) {
    const items = await journal.items({ limit: PAGE, offset });
    for (const { id, feed } of items) {
      const receipt = await journal.receipt(id);
      if (receipt) yield { item: id, feed, receipt };
    }
    if (items.length < PAGE) return;
  }
}

/** With the keys in the hospital's custody; of records that it is not meant to open, all that needs no key is checked. */
export async function* verifyAll(
  bridge: Bridge,
  anchored: AsyncIterable<Anchored> | Iterable<Anchored>,
  signal: AbortSignal,
): AsyncGenerator<Verified> {
  const { rpc, chainId, contract, confirmations: finality } = await bridge.chain();
  const cache = new VerifyCache();
  const held = new HeldKeys(bridge);
  for await (const { item, feed, receipt } of anchored) {
    const record = await bridge.journal.record(item);
    const { key, capsule, closed } = await held.of(record, signal);
    const trusted = { chainId, contract, finality };
    const options = { rpc, kubo: bridge.kubo, cache, trusted, ...(key && { key }), ...(capsule && { capsule }) };
    const made = await verifyReceipt(receipt, options, signal);
    const packets = (set: string) => cache.get(`packets ${set}`, () => countPackets(bridge, set, signal));
    yield { item, feed, ...(await judge(made, closed, packets)) };
  }
}

/** Reads every block of a set of later key packets. @throws BridgeError `store.*` */
async function countPackets({ kubo }: Bridge, set: string, signal: AbortSignal): Promise<number> {
  let blocks = 0;
  const visit = async (cid: string) => {
    const bytes = await kubo.blockGet(cid, signal);
    blocks++;
    return bytes;
  };
  await visitBatch(set, PACKETS_AT_ONCE, visit, 'capsules');
  return blocks - 1;
}

export type Tally = Record<Outcome, number>;

export function tally(verified: readonly Verified[]): Tally {
  const counts: Tally = { pass: 0, fail: 0, unknown: 0, 'with-patient': 0, erased: 0 };
  for (const { outcome } of verified) counts[outcome]++;
  return counts;
}
