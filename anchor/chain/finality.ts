import type { ChainRpc } from './rpc.ts';

/** Blocks on top of an anchor's own after which it counts as final; or where the chain's own `finalized` tag stands. */
export type Finality = number | 'finalized';

export async function isFinal(rpc: ChainRpc, block: number, rule: Finality, signal?: AbortSignal): Promise<boolean> {
  if (rule !== 'finalized') return (await rpc.blockNumber(signal)) - block >= rule;
  return Number((await rpc.block('finalized', signal))?.number ?? -1) >= block;
}
