/** Logs of one contract, in the order of the chain, a page of blocks in memory. */
import type { Log } from './anchored.ts';
import { logPages } from './log-pages.ts';
import { type ChainRpc, quantity, RpcError, refusedCall } from './rpc.ts';

export interface LogFilter {
  readonly address: string;
  /** As in `eth_getLogs`: null for any, a list for one of several. */
  readonly topics: readonly (string | readonly string[] | null)[];
  /** Default 0. */
  readonly fromBlock?: number;
  /** Default: the newest block when the walk begins. */
  readonly toBlock?: number;
}

/** @throws BridgeError `chain.unreachable`, also where the node refuses a single block */
export async function* logsOf(rpc: ChainRpc, filter: LogFilter, signal?: AbortSignal): AsyncGenerator<Log> {
  const { address, topics, fromBlock: from = 0 } = filter;
  try {
    const to = filter.toBlock ?? (await rpc.blockNumber(signal));
    const ask = (fromBlock: number, toBlock: number) =>
      rpc.send<Log[]>(
        'eth_getLogs',
        [{ address, topics, fromBlock: quantity(fromBlock), toBlock: quantity(toBlock) }],
        signal,
      );
    for await (const page of logPages({ from, to, ask, refused: (error) => error instanceof RpcError })) yield* page;
  } catch (error) {
    throw refusedCall(error);
  }
}

/** The last log of a filter; null where there is none. @throws BridgeError `chain.unreachable` */
export async function lastLog(rpc: ChainRpc, filter: LogFilter, signal?: AbortSignal): Promise<Log | null> {
  let last: Log | null = null;
  for await (const log of logsOf(rpc, filter, signal)) last = log;
  return last;
}

/** A topic of an address. */
export function addressTopic(address: string): string {
  return `0x${address.slice(2).toLowerCase().padStart(64, '0')}`;
}
