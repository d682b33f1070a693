/** The folders of this directory as a test needs them: blocks in memory, and the chain as it was recorded. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CarReader } from '@ipld/car';
import { ChainRpc } from '../../anchor/chain/rpc.ts';
import type { BlockSource } from '../../anchor/store/kubo.ts';
import type { VerifyKey } from '../../anchor/verify/key-checks.ts';
import { BridgeError } from '../../core/errors.ts';
import type { Recorded } from './recorded-chain.ts';

export interface Sample {
  /** Of the receipts, without `.receipt.json`. */
  readonly names: readonly string[];
  readonly trusted: { readonly chainId: string; readonly contract: string };
  readonly recorded: Recorded;
  /** By CID. */
  readonly blocks: ReadonlyMap<string, Uint8Array>;
  /** Text of a receipt's file. */
  receipt(name: string): string;
  /** The key file as it is: hex by name. */
  keyFile(name: string): Record<string, string>;
  key(name: string): VerifyKey;
}

/** @param folder `format-1`, ... */
export async function loadSample(folder: string): Promise<Sample> {
  const path = join(import.meta.dirname, folder);
  const files = readdirSync(path);
  const text = (name: string) => readFileSync(join(path, name), 'utf8');
  const blocks = new Map<string, Uint8Array>();
  for (const car of files.filter((name) => name.endsWith('.car'))) {
    const reader = await CarReader.fromBytes(readFileSync(join(path, car)));
    for await (const { cid, bytes } of reader.blocks()) blocks.set(cid.toString(), bytes);
  }
  const keyFile = (name: string): Record<string, string> => JSON.parse(text(`${name}.key.json`));
  return {
    names: files.flatMap((name) => /^(.+)\.receipt\.json$/.exec(name)?.[1] ?? []),
    trusted: JSON.parse(text('trusted.json')),
    recorded: JSON.parse(text('chain.json')),
    blocks,
    receipt: (name) => text(`${name}.receipt.json`),
    keyFile,
    key: (name) =>
      Object.fromEntries(
        Object.entries(keyFile(name)).map(([field, hex]) => [field, new Uint8Array(Buffer.from(hex, 'hex'))]),
      ),
  };
}

/** What was not asked when it was recorded does not exist. */
export class RecordedChain extends ChainRpc {
  readonly #recorded: Recorded;

  constructor(recorded: Recorded) {
    super('http://127.0.0.1:1');
    this.#recorded = recorded;
  }

  override async send<T>(method: string, params: readonly unknown[]): Promise<T> {
    return (this.#recorded[`${method} ${JSON.stringify(params)}`] ?? null) as T;
  }
}

/** @param changes given in the place of the sample's own; null: the node does not have it */
export function holding(
  blocks: ReadonlyMap<string, Uint8Array>,
  changes: ReadonlyMap<string, Uint8Array | null>,
): BlockSource {
  return {
    async blockGet(cid) {
      const bytes = changes.has(cid) ? changes.get(cid) : blocks.get(cid);
      if (!bytes) throw new BridgeError('store.missing', 'no such block');
      return bytes;
    },
  };
}
