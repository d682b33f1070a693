/**
 * Merkle tree over the records of a batch, as OpenZeppelin `MerkleProof` verifies it: keccak256 over each pair
 * in ascending order. Leaves are hashed twice, so that no inner node can be passed off as a leaf.
 *
 * The tree is the complete binary tree in an array that OpenZeppelin's JavaScript library builds: the root at 0,
 * the children of node i at 2i+1 and 2i+2, the leaves from the end backwards.
 */
import type { SealedRecord } from '../../core/types.ts';
import { cidBytes } from '../store/cid.ts';
import { keccak256 } from './keccak.ts';

/** 0x-hex, 32 bytes. */
export type Hash = string;

export interface MerkleTree {
  readonly root: Hash;
  /** In the order in which they were given. */
  readonly leaves: readonly Hash[];
  /** Siblings from the leaf to the root. @throws RangeError for an index outside the batch */
  proof(index: number): Hash[];
}

/** keccak256(keccak256(commitment ‖ content CID ‖ parts CID if any)), CIDs as their 36 bytes. */
export function leafOf(record: Pick<SealedRecord, 'commitment' | 'contentCid' | 'partsCid'>): Hash {
  const fields = [Buffer.from(record.commitment, 'hex'), cidBytes(record.contentCid)];
  if (record.partsCid !== undefined) fields.push(cidBytes(record.partsCid));
  return hex(keccak256(keccak256(Buffer.concat(fields))));
}

/** @throws RangeError for no leaves */
export function merkleTree(leaves: readonly Hash[]): MerkleTree {
  if (leaves.length === 0) throw new RangeError('a tree has at least one leaf');
  const nodes = new Array<Hash>(2 * leaves.length - 1);
  for (const [index, leaf] of leaves.entries()) nodes[nodes.length - 1 - index] = leaf;
  for (let at = nodes.length - 1 - leaves.length; at >= 0; at--)
    nodes[at] = hashPair(nodes[2 * at + 1]!, nodes[2 * at + 2]!);
  return {
    root: nodes[0]!,
    leaves,
    proof(index) {
      if (!Number.isInteger(index) || index < 0 || index >= leaves.length) throw new RangeError('no such leaf');
      const proof: Hash[] = [];
      for (let at = nodes.length - 1 - index; at > 0; at = (at - 1) >> 1) proof.push(nodes[at % 2 ? at + 1 : at - 1]!);
      return proof;
    },
  };
}

/** The root that a leaf and its proof lead to. */
export function rootOf(leaf: Hash, proof: readonly Hash[]): Hash {
  return proof.reduce(hashPair, leaf);
}

const pair = Buffer.alloc(64);

// Lower-case hex of equal length sorts as its bytes do.
function hashPair(a: Hash, b: Hash): Hash {
  const [low, high] = a < b ? [a, b] : [b, a];
  pair.write(low.slice(2), 0, 32, 'hex');
  pair.write(high.slice(2), 32, 32, 'hex');
  return hex(keccak256(pair));
}

function hex(bytes: Uint8Array): Hash {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`;
}
