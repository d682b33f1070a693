/**
 * Checks a receipt against the chain and an IPFS node, neither of which is the hospital's to begin with. Nothing of
 * ours is asked: no journal, no service. What cannot be reached is `unknown`, never `pass`.
 */
import type { Verdict } from '../../core/types.ts';
import { parseReceipt } from '../chain/receipts.ts';
import { ChainRpc } from '../chain/rpc.ts';
import { type BlockSource, Kubo } from '../store/kubo.ts';
import { hashed } from '../store/verified-file.ts';
import { VerifyCache } from './cache.ts';
import { checkChain, type Trusted } from './chain-checks.ts';
import { checkKeys, type VerifyKey } from './key-checks.ts';
import { Report } from './report.ts';
import { checkStore } from './store-checks.ts';

export interface VerifyOptions {
  /** JSON-RPC address of any node of the chain. */
  readonly rpc: string | ChainRpc;
  /** RPC address of any IPFS node that has or can get the blocks. */
  readonly kubo: string | BlockSource;
  /** Without it the checks that need a key, and so the verdict, are `unknown`. */
  readonly key?: VerifyKey;
  /** CID of a later capsule of the record: after a claim, a rotation or a share. Default: the one of the manifest. */
  readonly capsule?: string;
  /** Without it the check `trusted contract`, and so the verdict, is `unknown`: anyone can deploy a contract. */
  readonly trusted?: Trusted;
  /** Give the same one for many receipts with the same rpc and kubo. */
  readonly cache?: VerifyCache;
}

/**
 * @param receipt text of a receipt file, or parsed
 * @returns the checks in a fixed order; one that hangs on a failed one is `unknown` and names it
 * @throws the signal's reason when it aborts
 */
export async function verifyReceipt(receipt: unknown, options: VerifyOptions, signal: AbortSignal): Promise<Verdict> {
  const rpc = typeof options.rpc === 'string' ? new ChainRpc(options.rpc) : options.rpc;
  const kubo = hashed(typeof options.kubo === 'string' ? new Kubo({ url: options.kubo }) : options.kubo);
  const { key, trusted, cache = new VerifyCache() } = options;
  const report = new Report();
  const parsed = await report.check('receipt', signal, async () => ['format 1', parseReceipt(receipt)]);
  if (parsed) {
    const event = await checkChain(report, parsed, { rpc, trusted, cache }, signal);
    const sealed = await checkStore(report, parsed, event, { kubo, cache, capsuleCid: options.capsule }, signal);
    await checkKeys(report, parsed, sealed, { kubo, key, cache }, signal);
  }
  return report.verdict();
}
