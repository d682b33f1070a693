/** The little of Ethereum JSON-RPC that reading the index takes. */
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { ANCHORED_TOPIC, type AnchorEvent, decodeAnchored, type Log } from '../anchor/chain/anchored.ts';
import { logPages } from '../anchor/chain/log-pages.ts';
import { fromHex } from './bytes.ts';

/** The node's own answer is an error: what was asked for at once may have been too much. */
export class ChainRefused extends Error {
  constructor(method: string) {
    super(`the chain refused ${method}`);
  }
}

export interface Chain {
  /** @throws ChainRefused when the node refuses; any other error when it cannot be reached */
  call<T>(method: string, params: readonly unknown[], signal?: AbortSignal): Promise<T>;
}

export function httpChain(address: string): Chain {
  let id = 0;
  return {
    async call<T>(method: string, params: readonly unknown[], signal?: AbortSignal) {
      const answer = await fetch(address, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }),
        ...(signal && { signal }),
      });
      const reply = (await answer.json()) as { result?: T; error?: unknown };
      if (reply.error !== undefined || !('result' in reply)) throw new ChainRefused(method);
      return reply.result as T;
    },
  };
}

/** What a hospital anchored: the event of the index with the manifest's CID. */
export type Anchor = AnchorEvent;

const DAG_CBOR = 0x71;
const SHA2_256 = 0x12;

export async function blockNumber(chain: Chain, signal?: AbortSignal): Promise<number> {
  return Number(await chain.call<string>('eth_blockNumber', [], signal));
}

/** All anchors of a contract in order, a page of blocks in memory. */
export async function* anchors(
  chain: Chain,
  contract: string,
  options: { fromBlock?: number; signal?: AbortSignal } = {},
): AsyncGenerator<Anchor> {
  const { fromBlock: from = 0, signal } = options;
  const to = await blockNumber(chain, signal);
  const ask = (fromBlock: number, toBlock: number) => {
    const range = { fromBlock: quantity(fromBlock), toBlock: quantity(toBlock) };
    return chain.call<Log[]>('eth_getLogs', [{ address: contract, topics: [ANCHORED_TOPIC], ...range }], signal);
  };
  const pages = logPages({ from, to, ask, refused: (error) => error instanceof ChainRefused });
  for await (const page of pages)
    for (const log of page) {
      const anchor = decodeAnchor(log, contract);
      if (anchor) yield anchor;
    }
}

/** Anchors in one transaction, and the block that it is in; null where the chain does not have it. */
export async function anchorsOf(
  chain: Chain,
  contract: string,
  tx: string,
  signal?: AbortSignal,
): Promise<Anchor[] | null> {
  const receipt = await chain.call<{ logs: Log[]; status: string } | null>('eth_getTransactionReceipt', [tx], signal);
  if (receipt?.status !== '0x1') return null;
  return receipt.logs.flatMap((log) => decodeAnchor(log, contract) ?? []);
}

function decodeAnchor(log: Log, contract: string): Anchor | undefined {
  const event = decodeAnchored(log, contract);
  if (!event) return undefined;
  const digest = createDigest(SHA2_256, fromHex(event.manifest.slice(2)));
  return { ...event, manifest: CID.createV1(DAG_CBOR, digest).toString() };
}

function quantity(value: number): string {
  return `0x${value.toString(16)}`;
}
