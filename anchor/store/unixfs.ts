/**
 * UnixFS of a byte stream as Kubo lays it out: chunks of 1 MiB as raw leaves, CIDv1, balanced, 174 children a node. Written
 * out here because the library's encoder leaves five unset bytes where a file has 2 GiB or more.
 */
import { createHash } from 'node:crypto';
import { encode } from '@ipld/dag-pb';
import type { CID } from 'multiformats/cid';
import { type Block, blockCid, cidOfDigest, DAG_PB, MAX_BLOCK, RAW } from './cid.ts';

/** Children of one node: Kubo's number; another would give another CID. */
const FAN_OUT = 174;

interface Node {
  readonly cid: CID;
  /** Bytes of the file below. */
  readonly content: number;
  /** Bytes of the block and of all blocks below. */
  readonly total: number;
}

/** What hangs on a file's leaves: open nodes of every level, from the leaves up. */
class Tree {
  readonly #levels: Node[][] = [];

  /** @returns the blocks of nodes that the leaf made full */
  *add(node: Node, level = 0): Generator<Block> {
    this.#levels[level] ??= [];
    const open = this.#levels[level]!;
    open.push(node);
    if (open.length === FAN_OUT) yield* this.#close(level);
  }

  /** @returns the blocks of all nodes that are still open, then the root */
  *finish(): Generator<Block, CID> {
    for (let level = 0; ; level++) {
      const open = this.#levels[level]!;
      if (level === this.#levels.length - 1 && open.length === 1) return open[0]!.cid;
      if (open.length > 0) yield* this.#close(level);
    }
  }

  *#close(level: number): Generator<Block> {
    const { node, block } = parent(this.#levels[level]!.splice(0));
    yield block;
    yield* this.add(node, level + 1);
  }
}

/**
 * Blocks of a file that is in memory, leaves first, root last; one chunk alone is its own root.
 * @returns the root
 */
export function* unixfsBlocks(bytes: Uint8Array): Generator<Block, CID> {
  const tree = new Tree();
  for (let at = 0; at === 0 || at < bytes.length; at += MAX_BLOCK) {
    const chunk = bytes.subarray(at, at + MAX_BLOCK);
    const cid = blockCid(RAW, chunk);
    yield { cid, bytes: chunk };
    yield* tree.add({ cid, content: chunk.length, total: chunk.length });
  }
  return yield* tree.finish();
}

/** The root of a file whose bytes pass by; none of them is kept. */
export class UnixfsHash {
  readonly #tree = new Tree();
  #chunk = createHash('sha256');
  #length = 0;
  #chunks = 0;

  update(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0; ) {
      const piece = rest.subarray(0, MAX_BLOCK - this.#length);
      this.#chunk.update(piece);
      this.#length += piece.length;
      if (this.#length === MAX_BLOCK) this.#closeChunk();
      rest = rest.subarray(piece.length);
    }
  }

  /** Once, at the end. */
  root(): CID {
    if (this.#length > 0 || this.#chunks === 0) this.#closeChunk();
    return last(this.#tree.finish());
  }

  #closeChunk(): void {
    const cid = cidOfDigest(RAW, this.#chunk.digest());
    last(this.#tree.add({ cid, content: this.#length, total: this.#length }));
    this.#chunk = createHash('sha256');
    this.#length = 0;
    this.#chunks++;
  }
}

/** What a generator returns; what it yields is of no interest. */
function last<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

function parent(children: readonly Node[]): { node: Node; block: Block } {
  const content = children.reduce((sum, child) => sum + child.content, 0);
  const bytes = encode({
    Data: fileData(content, children),
    Links: children.map(({ cid, total }) => ({ Hash: cid, Name: '', Tsize: total })),
  });
  const cid = blockCid(DAG_PB, bytes);
  const total = children.reduce((sum, child) => sum + child.total, bytes.length);
  return { node: { cid, content, total }, block: { cid, bytes } };
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
