/**
 * The few calls of the Kubo RPC (/api/v0) that the bridge makes. No body is held in memory; each reply about a
 * CID is compared with the CID that the bytes have.
 */
import { BridgeError } from '../../core/errors.ts';
import { cidText, DAG_CBOR, DAG_PB, MAX_BLOCK, matches, parseCid, RAW } from './cid.ts';
import { type Bytes, type CallOptions, call, nodeError } from './rpc.ts';
import { UnixfsHash } from './unixfs.ts';

export interface KuboOptions {
  /** e.g. `http://127.0.0.1:5001`. */
  readonly url: string;
  /** Longest silence of a small call. Default 30 s. */
  readonly idleMs?: number;
  /** Longest silence of a call that makes the node work: import, add, verify. Default 15 min. */
  readonly workMs?: number;
  /** How long the node may look for a block at its peers. Default 10 s. */
  readonly searchMs?: number;
}

export interface StoredStream {
  /** UnixFS root. */
  readonly cid: string;
  readonly size: number;
}

/** Where blocks are read from; the part of `Kubo` that verification needs. */
export interface BlockSource {
  blockGet(cid: string, signal?: AbortSignal): Promise<Uint8Array>;
}

export class Kubo implements BlockSource {
  readonly #api: URL;
  readonly #idleMs: number;
  readonly #workMs: number;
  readonly #searchMs: number;

  constructor(options: KuboOptions) {
    this.#api = new URL('/api/v0/', options.url);
    this.#idleMs = options.idleMs ?? 30_000;
    this.#workMs = options.workMs ?? 15 * 60_000;
    this.#searchMs = options.searchMs ?? 10_000;
  }

  async version(signal?: AbortSignal): Promise<string> {
    return text((await this.#json('version', {}, signal)).Version);
  }

  async id(signal?: AbortSignal): Promise<{ peerId: string; addresses: string[] }> {
    const reply = await this.#json('id', {}, signal);
    return { peerId: text(reply.ID), addresses: (reply.Addresses as string[] | null) ?? [] };
  }

  /**
   * Imports a CAR and pins its root with all that it links to. Repeating it is harmless.
   * @param root the manifest's CID; anything else in the file is `store.mismatch`
   * @returns blocks and bytes that the node read
   */
  async importCar(car: Bytes, root: string, signal?: AbortSignal): Promise<{ blocks: number; bytes: number }> {
    const query = { 'pin-roots': true, stats: true, silent: false };
    const roots: string[] = [];
    let stats: { blocks: number; bytes: number } | undefined;
    for await (const line of this.#lines('dag/import', { query, body: car, signal })) {
      const found = line.Root as { Cid: { '/': string }; PinErrorMsg: string } | undefined;
      if (found?.PinErrorMsg) throw nodeError(found.PinErrorMsg);
      if (found) roots.push(text(found.Cid['/']));
      const totals = line.Stats as { BlockCount: number; BlockBytesCount: number } | undefined;
      if (totals) stats = { blocks: totals.BlockCount, bytes: totals.BlockBytesCount };
    }
    if (roots.length !== 1 || roots[0] !== root) throw mismatch('an imported file');
    if (stats === undefined) throw new BridgeError('store.failed', 'the IPFS node did not finish an import');
    return stats;
  }

  /**
   * Stores and pins one large object while its CID is computed on the way. A piece has been sent when the next one is
   * asked for.
   * @throws BridgeError `store.mismatch` when the node's CID is another
   */
  async addStream(source: Bytes, signal?: AbortSignal): Promise<StoredStream> {
    const hash = new UnixfsHash();
    let size = 0;
    async function* body(): AsyncGenerator<Uint8Array> {
      for await (const chunk of source) {
        size += chunk.length;
        hash.update(chunk);
        yield chunk;
      }
    }
    const query = {
      'cid-version': 1,
      'raw-leaves': true,
      chunker: `size-${MAX_BLOCK}`,
      pin: true,
      quieter: true,
      progress: false,
    };
    let theirs: string | undefined;
    for await (const line of this.#lines('add', { query, body: body(), signal })) theirs = text(line.Hash);
    const cid = cidText(hash.root());
    if (theirs !== cid) throw mismatch('a stream');
    return { cid, size };
  }

  /** One block, checked against its CID. @throws BridgeError `store.missing`, `store.mismatch` */
  blockGet(cid: string, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#block({ arg: cid, timeout: `${this.#searchMs}ms` }, signal);
  }

  /** Like `blockGet`, of this very node: its peers are not asked. */
  blockLocal(cid: string, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#block({ arg: cid, offline: true }, signal);
  }

  /**
   * Stores one block without a pin. A node may keep what lies under this CID already, right or wrong.
   * @throws BridgeError `store.mismatch` when the bytes are not those of the CID
   */
  async blockPut(cid: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const query = { 'cid-codec': CODECS[parseCid(cid).code]!, mhtype: 'sha2-256', pin: false };
    for await (const line of this.#lines('block/put', { query, body: [bytes], signal }))
      if (text(line.Key) !== cid) throw mismatch('a stored block');
  }

  /** Removes blocks that no pin holds. @throws BridgeError `store.failed` when one is held */
  async blockRm(cids: readonly string[], signal?: AbortSignal): Promise<void> {
    const query = { arg: cids, force: true };
    for await (const line of this.#lines('block/rm', { query, signal }))
      if (line.Error) throw nodeError(text(line.Error));
  }

  /** The bytes of a UnixFS file as the node gives them: not checked. Use `readVerified` where it matters. */
  cat(cid: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#call('cat', { query: { arg: cid, progress: false }, signal });
  }

  /** CAR of a root and all below it, as the node gives it. */
  dagExport(root: string, signal?: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#call('dag/export', { query: { arg: root, progress: false }, signal });
  }

  /** Size of a block that lies on this very node. @throws BridgeError `store.missing` */
  async blockStat(cid: string, signal?: AbortSignal): Promise<number> {
    return Number((await this.#json('block/stat', { arg: cid, offline: true }, signal)).Size);
  }

  async isPinned(cid: string, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.#json('pin/ls', { arg: cid, type: 'recursive' }, signal);
      return true;
    } catch (error) {
      if (error instanceof BridgeError && error.code === 'store.missing') return false;
      throw error;
    }
  }

  /** Pins a root with all below it, all of which has to be on the node or with its peers. */
  async pin(cid: string, signal?: AbortSignal): Promise<void> {
    for await (const _ of this.#lines('pin/add', { query: { arg: cid }, signal }));
  }

  /** CIDs of all recursive pins. */
  async *pinLs(signal?: AbortSignal): AsyncGenerator<string> {
    const query = { type: 'recursive', stream: true, quiet: true };
    for await (const line of this.#lines('pin/ls', { query, signal })) yield text(line.Cid);
  }

  /** Lets go of the pin that `addStream` set, once a manifest holds the object. No pin is no error. */
  async unpin(cid: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#json('pin/rm', { arg: cid }, signal);
    } catch (error) {
      if (!(error instanceof BridgeError && error.code === 'store.missing')) throw error;
    }
  }

  /** Re-hashes every block of the node; true when all are whole. */
  async repoVerify(signal?: AbortSignal): Promise<boolean> {
    try {
      for await (const line of this.#lines('repo/verify', { signal }))
        if (/corrupt|fail/i.test(text(line.Msg))) return false;
      return true;
    } catch (error) {
      if (error instanceof BridgeError && error.code === 'store.mismatch') return false;
      throw error;
    }
  }

  async #block(query: Call['query'] & { arg: string }, signal?: AbortSignal): Promise<Uint8Array> {
    const expected = parseCid(query.arg);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of this.#call('block/get', { query, signal })) {
      size += chunk.length;
      if (size > 2 * MAX_BLOCK) throw mismatch('a block');
      chunks.push(chunk);
    }
    const bytes = Buffer.concat(chunks);
    if (!matches(expected, bytes)) throw mismatch('a block');
    return bytes;
  }

  #call(method: string, options: Call): AsyncGenerator<Uint8Array> {
    const long = options.body !== undefined || LONG.has(method);
    return call(new URL(method, this.#api), { ...options, idleMs: long ? this.#workMs : this.#idleMs });
  }

  async #json(method: string, query: Call['query'] & object, signal?: AbortSignal): Promise<Record<string, unknown>> {
    for await (const line of this.#lines(method, { query, signal })) return line;
    throw new BridgeError('store.refused', 'the IPFS node gave an empty answer');
  }

  /** Newline-delimited JSON; an error that comes after the first lines is thrown like any other. */
  async *#lines(method: string, options: Call): AsyncGenerator<Record<string, unknown>> {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of this.#call(method, options)) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop()!;
      for (const line of lines) if (line) yield parseLine(line);
    }
    if (rest.trim()) yield parseLine(rest);
  }
}

type Call = Omit<CallOptions, 'idleMs'>;

/** Calls without a body that make the node work in silence. */
const LONG = new Set(['repo/verify', 'dag/export', 'pin/add', 'block/rm']);

/** Names of our codecs in Kubo's words. */
const CODECS: Readonly<Record<number, string>> = { [RAW]: 'raw', [DAG_PB]: 'dag-pb', [DAG_CBOR]: 'dag-cbor' };

function parseLine(line: string): Record<string, unknown> {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new BridgeError('store.refused', 'the IPFS node did not answer in JSON', { cause });
  }
  if (value.Type === 'error') throw nodeError(String(value.Message));
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new BridgeError('store.refused', 'the IPFS node left out a field');
  return value;
}

function mismatch(what: string): BridgeError {
  return new BridgeError('store.mismatch', `the CID of ${what} is not that of its bytes`);
}
