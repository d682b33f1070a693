/** Blocks from any IPFS node; none is believed: every block is hashed again. */
import { decode } from '@ipld/dag-pb';
import { sha256 } from '@noble/hashes/sha2.js';
import { UnixFS } from 'ipfs-unixfs';
import { CID } from 'multiformats/cid';
import { concat, equal } from './bytes.ts';
import { Refuted } from './refusal.ts';

const RAW = 0x55;
const SHA2_256 = 0x12;
const MAX_DEPTH = 5;

export interface BlockSource {
  /** @throws Refuted when the bytes are not those of the CID; other errors mean that they could not be had */
  block(cid: string, signal?: AbortSignal): Promise<Uint8Array>;
}

/** A trustless gateway (`?format=raw`), or the RPC of a Kubo node. @param address e.g. `https://ipfs.example` */
export function gateway(address: string, kind: 'gateway' | 'kubo' = 'gateway'): BlockSource {
  return checked(async (cid, signal) => {
    const [url, method] =
      kind === 'kubo'
        ? [new URL(`/api/v0/block/get?arg=${cid}`, address), 'POST']
        : [new URL(`/ipfs/${cid}?format=raw`, address), 'GET'];
    const answer = await fetch(url, { method, ...(signal && { signal }) });
    if (!answer.ok) throw new Error(`the IPFS node answered ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  });
}

/** Any way to blocks, with the check that none gets around. */
export function checked(get: (cid: string, signal?: AbortSignal) => Promise<Uint8Array>): BlockSource {
  return {
    async block(text, signal) {
      const cid = CID.parse(text);
      const bytes = await get(text, signal);
      const matches = cid.multihash.code === SHA2_256 && equal(cid.multihash.digest, sha256(bytes));
      if (!matches) throw new Refuted('a block is not that of its CID');
      return bytes;
    },
  };
}

/** A UnixFS file. @param limit bytes. @throws Refuted */
export async function readFile(
  source: BlockSource,
  cid: string,
  limit: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of walk(source, CID.parse(cid), MAX_DEPTH, signal)) {
    size += chunk.length;
    if (size > limit) throw new Refuted('a file is longer than its record says');
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : concat(...chunks);
}

async function* walk(source: BlockSource, cid: CID, depth: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const bytes = await source.block(cid.toString(), signal);
  if (cid.code === RAW) {
    yield bytes;
    return;
  }
  if (depth === 0) throw new Refuted('a block is no part of a file');
  const node = decode(bytes);
  const file = UnixFS.unmarshal(node.Data ?? new Uint8Array());
  if (file.type !== 'file' || file.data?.length) throw new Refuted('a block is no part of a file');
  for (const link of node.Links) yield* walk(source, link.Hash, depth - 1, signal);
}
