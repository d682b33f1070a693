/** Reads UnixFS files block by block, each compared with its CID: a node that lies or rots is found out. */
import { decode, type PBNode } from '@ipld/dag-pb';
import { UnixFS } from 'ipfs-unixfs';
import type { CID } from 'multiformats/cid';
import { BridgeError } from '../../core/errors.ts';
import { DAG_PB, matches, parseCid, RAW } from './cid.ts';
import type { BlockSource } from './kubo.ts';

/** 174^4 leaves of 1 MiB: far beyond any file. */
const MAX_DEPTH = 5;

/** Believes no source: bytes that are not those of their CID are `store.mismatch`. */
export function hashed(source: BlockSource): BlockSource {
  return {
    async blockGet(cid, signal) {
      const bytes = await source.blockGet(cid, signal);
      if (!matches(parseCid(cid), bytes)) throw new BridgeError('store.mismatch', 'a block is not that of its CID');
      return bytes;
    },
  };
}

/**
 * @param source believed: see `hashed`; `Kubo` checks by itself
 * @param limit bytes; a file that goes beyond is `store.mismatch`
 * @throws BridgeError `store.mismatch`, `store.missing`, `store.unreachable`
 */
export async function* readVerified(
  source: BlockSource,
  cid: string,
  limit: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of walk(source, parseCid(cid), MAX_DEPTH, signal)) {
    size += chunk.length;
    if (size > limit) throw new BridgeError('store.mismatch', 'a file is longer than its record says');
    yield chunk;
  }
}

async function* walk(source: BlockSource, cid: CID, depth: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const bytes = await source.blockGet(cid.toString(), signal);
  if (cid.code === RAW) yield bytes;
  else for (const child of fileLinks(cid, bytes, depth)) yield* walk(source, child, depth - 1, signal);
}

/** What a node of a file links to. @param depth levels that may still come */
export function fileLinks(cid: CID, bytes: Uint8Array, depth = MAX_DEPTH): CID[] {
  let node: PBNode;
  let file: UnixFS;
  try {
    if (cid.code !== DAG_PB || depth === 0) throw new RangeError('no file node');
    node = decode(bytes);
    file = UnixFS.unmarshal(node.Data!);
  } catch (cause) {
    throw new BridgeError('store.mismatch', 'a block is no part of a file', { cause });
  }
  // We never write content into a node itself; reading it as none would hide bytes.
  if (file.type !== 'file' || file.data?.length)
    throw new BridgeError('store.mismatch', 'a block is no part of a file');
  return node.Links.map((link) => link.Hash);
}
