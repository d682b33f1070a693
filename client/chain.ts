/** The little of Ethereum JSON-RPC that reading the index takes. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { fromHex, toHex, utf8 } from './bytes.ts';
import { checksummed } from './keys.ts';

export interface Chain {
  /** @throws Error when the node cannot be reached or refuses */
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
      if (reply.error !== undefined || !('result' in reply)) throw new Error(`the chain refused ${method}`);
      return reply.result as T;
    },
  };
}

export interface Anchor {
  readonly contract: string;
  readonly hospital: string;
  readonly root: string;
  /** CID of the manifest. */
  readonly manifest: string;
  readonly count: number;
  readonly tags: readonly string[];
  readonly tx: string;
  readonly block: { readonly number: number; readonly hash: string };
}

interface Log {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly transactionHash: string;
  readonly removed?: boolean;
}

const TOPIC = `0x${toHex(keccak_256(utf8('Anchored(address,bytes32,bytes32,uint256,bytes)')))}`;
const WORD = 64;
const DAG_CBOR = 0x71;
const SHA2_256 = 0x12;

export async function blockNumber(chain: Chain, signal?: AbortSignal): Promise<number> {
  return Number(await chain.call<string>('eth_blockNumber', [], signal));
}

/** All anchors of a contract in order, some thousand blocks at a time. */
export async function* anchors(
  chain: Chain,
  contract: string,
  options: { fromBlock?: number; span?: number; signal?: AbortSignal } = {},
): AsyncGenerator<Anchor> {
  const { fromBlock = 0, span = 5_000, signal } = options;
  const last = await blockNumber(chain, signal);
  for (let from = fromBlock; from <= last; from += span) {
    const to = Math.min(from + span - 1, last);
    const filter = { address: contract, fromBlock: quantity(from), toBlock: quantity(to), topics: [TOPIC] };
    for (const log of await chain.call<Log[]>('eth_getLogs', [filter], signal)) {
      const anchor = decodeAnchor(log, contract);
      if (anchor) yield anchor;
    }
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
  const ours = log.topics[0] === TOPIC && log.address.toLowerCase() === contract.toLowerCase() && !log.removed;
  if (!ours) return undefined;
  const data = log.data.slice(2);
  const word = (index: number) => data.slice(index * WORD, (index + 1) * WORD);
  const length = Number(`0x${word(3)}`);
  const packed = data.slice(4 * WORD, 4 * WORD + 2 * length);
  return {
    contract: checksummed(log.address),
    hospital: checksummed(log.topics[1]!.slice(-40)),
    root: log.topics[2]!,
    manifest: CID.createV1(DAG_CBOR, createDigest(SHA2_256, fromHex(word(0)))).toString(),
    count: Number(`0x${word(1)}`),
    tags: packed.match(/.{32}/g) ?? [],
    tx: log.transactionHash,
    block: { number: Number(log.blockNumber), hash: log.blockHash },
  };
}

function quantity(value: number): string {
  return `0x${value.toString(16)}`;
}
