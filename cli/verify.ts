/** Verifies the receipts of the journal the way an outsider would: from chain, IPFS and key, the journal only lists them. */
import { VerifyCache } from '../anchor/verify/cache.ts';
import { verifyReceipt } from '../anchor/verify/verify.ts';
import type { Receipt, Verdict } from '../core/types.ts';
import type { Bridge } from '../workflows/bridge.ts';
import { HeldKeys } from './custody/held-keys.ts';

export interface Verified {
  readonly item: string;
  readonly feed: string;
  readonly verdict: Verdict;
}

interface Anchored {
  readonly item: string;
  readonly feed: string;
  readonly receipt: Receipt;
}

const PAGE = 500;

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

/** With the keys in the hospital's custody; records of patients who hold their own stay `unknown` where a key is needed. */
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
    const { key, capsule } = await held.of(record, signal);
    const trusted = { chainId, contract, finality };
    const options = { rpc, kubo: bridge.kubo, cache, trusted, ...(key && { key }), ...(capsule && { capsule }) };
    yield { item, feed, verdict: await verifyReceipt(receipt, options, signal) };
  }
}

export interface Tally {
  pass: number;
  fail: number;
  unknown: number;
}

export function tally(verified: readonly Verified[]): Tally {
  const counts: Tally = { pass: 0, fail: 0, unknown: 0 };
  for (const { verdict } of verified) counts[verdict.status]++;
  return counts;
}
