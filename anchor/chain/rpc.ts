/**
 * Ethereum JSON-RPC over undici. ethers' provider caches, polls and detects networks in the background and cannot be
 * aborted; here a call is a call: a real deadline, a signal, and an error that says whether the node was reached.
 */
import { request } from 'undici';
import { BridgeError } from '../../core/errors.ts';
import type { Log } from './anchored.ts';

export type { Log } from './anchored.ts';

/** The node's own answer to a call that it refused. The message may quote data: for decisions, never for logs. */
export class RpcError extends Error {
  readonly code: number;
  /** Revert data, 0x-hex, where the node gives it. */
  readonly data: string | undefined;

  constructor(code: number, message: string, data: string | undefined) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.data = data;
  }
}

/** A refusal that nothing could be made of, as an error of the table; everything else as it is. */
export function refusedCall(error: unknown): unknown {
  if (!(error instanceof RpcError)) return error;
  return new BridgeError('chain.unreachable', `the chain's node refused a call (${error.code})`);
}

export interface Block {
  readonly number: string;
  readonly hash: string;
  /** Seconds since 1970. */
  readonly timestamp: string;
  readonly baseFeePerGas?: string;
}

export interface TransactionReceipt {
  readonly transactionHash: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly status: string;
  readonly gasUsed: string;
  readonly logs: readonly Log[];
}

/** An answer larger than this is not read on: the largest honest one is a receipt of 4,000 tags. */
const MAX_ANSWER = 16 * 1024 * 1024;

/** `limit exceeded` of EIP-1474. */
const TOO_LARGE = -32005;

class AnswerTooLarge extends Error {}

export class ChainRpc {
  /** Base address, as it was given. */
  readonly url: string;
  readonly #deadlineMs: number;
  #id = 0;

  /** @param deadlineMs of one call, answer included */
  constructor(url: string, deadlineMs = 20_000) {
    this.url = url;
    this.#deadlineMs = deadlineMs;
  }

  /**
   * @throws BridgeError `chain.unreachable`; RpcError for an answer of the node that is an error;
   *   the signal's reason when it aborts
   */
  async send<T>(method: string, params: readonly unknown[], signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const deadline = AbortSignal.timeout(this.#deadlineMs);
    let reply: { result?: T; error?: { code?: number; message?: string; data?: unknown } };
    try {
      const answer = await request(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: ++this.#id, method, params }),
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
      reply = JSON.parse(await bounded(answer.body)) as typeof reply;
      if (typeof reply !== 'object' || reply === null || !('result' in reply || 'error' in reply))
        throw new SyntaxError('no JSON-RPC answer');
    } catch (cause) {
      signal?.throwIfAborted();
      // The node answered, and too much: whoever asked for many things can ask for fewer.
      if (cause instanceof AnswerTooLarge) throw new RpcError(TOO_LARGE, 'the answer is too large', undefined);
      throw new BridgeError('chain.unreachable', 'the chain does not answer', { cause });
    }
    if (reply.error) throw new RpcError(reply.error.code ?? 0, reply.error.message ?? '', revertData(reply.error.data));
    return reply.result as T;
  }

  /** Decimal string. */
  async chainId(signal?: AbortSignal): Promise<string> {
    return BigInt(await this.send<string>('eth_chainId', [], signal)).toString();
  }

  async blockNumber(signal?: AbortSignal): Promise<number> {
    return Number(await this.send<string>('eth_blockNumber', [], signal));
  }

  /** @param block number or tag; null where the chain has none such */
  async block(block: number | 'latest' | 'finalized', signal?: AbortSignal): Promise<Block | null> {
    const id = typeof block === 'number' ? quantity(block) : block;
    return await this.send<Block | null>('eth_getBlockByNumber', [id, false], signal);
  }

  async code(address: string, signal?: AbortSignal): Promise<string> {
    return await this.send<string>('eth_getCode', [address, 'latest'], signal);
  }

  async call(to: string, data: string, from?: string, signal?: AbortSignal): Promise<string> {
    return await this.send<string>('eth_call', [{ to, data, ...(from ? { from } : {}) }, 'latest'], signal);
  }

  async receipt(hash: string, signal?: AbortSignal): Promise<TransactionReceipt | null> {
    return await this.send<TransactionReceipt | null>('eth_getTransactionReceipt', [hash], signal);
  }

  /** Number of transactions of an account that are in blocks. */
  async nonce(address: string, signal?: AbortSignal): Promise<number> {
    return Number(await this.send<string>('eth_getTransactionCount', [address, 'latest'], signal));
  }
}

export function quantity(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** Nodes put it in `data` itself (geth, anvil) or one level deeper (others). */
function revertData(data: unknown): string | undefined {
  if (typeof data === 'string' && data.startsWith('0x')) return data;
  if (typeof data === 'object' && data !== null && 'data' in data) return revertData(data.data);
  return undefined;
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER) throw new AnswerTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
