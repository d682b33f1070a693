/**
 * UnixFS of a byte stream as Kubo lays it out: chunks of 1 MiB as raw leaves, CIDv1, balanced, 174 children a node. Written
 * out here because the library's encoder leaves five unset bytes where a file has 2 GiB or more.
 */
import { encode } from '@ipld/dag-pb';
import type { CID } from 'multiformats/cid';
import { type Block, blockCid, DAG_PB, MAX_BLOCK, RAW } from './cid.ts';

/** Children of one node: Kubo's number; another would give another CID. */
const FAN_OUT = 174;

interface Node {
  readonly cid: CID;
  /** Bytes of the file below. */
  readonly content: number;
  /** Bytes of the block and of all blocks below. */
  readonly total: number;
}

type Put = (block: Block) => Promise<void> | void;

/**
 * One chunk alone is its own root. Memory is a chunk and the open nodes. Blocks are handed to `put` leaves first, root last.
 */
export async function unixfs(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, put: Put): Promise<CID> {
  const levels: Node[][] = [];
  const add = async (level: number, node: Node): Promise<void> => {
    levels[level] ??= [];
    const open = levels[level]!;
    open.push(node);
    if (open.length < FAN_OUT) return;
    levels[level] = [];
    await add(level + 1, await putNode(open, put));
  };
  for await (const chunk of chunked(source)) await add(0, await putLeaf(chunk, put));
  if (levels.length === 0) await add(0, await putLeaf(new Uint8Array(), put));
  for (let level = 0; ; level++) {
    const open = levels[level]!;
    if (level === levels.length - 1 && open.length === 1) return open[0]!.cid;
    if (open.length > 0) await add(level + 1, await putNode(levels[level]!.splice(0), put));
  }
}

async function putLeaf(bytes: Uint8Array, put: Put): Promise<Node> {
  const cid = blockCid(RAW, bytes);
  await put({ cid, bytes });
  return { cid, content: bytes.length, total: bytes.length };
}

async function putNode(children: readonly Node[], put: Put): Promise<Node> {
  const content = children.reduce((sum, child) => sum + child.content, 0);
  const bytes = encode({
    Data: fileData(content, children),
    Links: children.map(({ cid, total }) => ({ Hash: cid, Name: '', Tsize: total })),
  });
  const cid = blockCid(DAG_PB, bytes);
  await put({ cid, bytes });
  return { cid, content, total: children.reduce((sum, child) => sum + child.total, bytes.length) };
}

/** The message `Data` of UnixFS: type file (1), size (3), size of each child (4). */
function fileData(content: number, children: readonly Node[]): Uint8Array {
  const out = [0x08, 0x02, 0x18, ...varint(content)];
  for (const child of children) out.push(0x20, ...varint(child.content));
  return Uint8Array.from(out);
}

/** Unsigned LEB128 of a safe integer. */
function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80);
  out.push(rest);
  return out;
}

/** Pieces of exactly 1 MiB but for the last. */
async function* chunked(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of source) {
    let rest = bytes;
    while (size + rest.length >= MAX_BLOCK) {
      const piece = rest.subarray(0, MAX_BLOCK - size);
      yield pieces.length === 0 ? piece : Buffer.concat([...pieces, piece]);
      rest = rest.subarray(piece.length);
      [pieces, size] = [[], 0];
    }
    if (rest.length > 0) {
      pieces.push(rest);
      size += rest.length;
    }
  }
  if (size > 0) yield Buffer.concat(pieces);
}
