/** The tree over the records of a batch, as OpenZeppelin `MerkleProof` verifies it. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { CID } from 'multiformats/cid';
import { concat, fromHex, toHex } from './bytes.ts';
import type { RecordEntry } from './manifest.ts';

/** keccak256(keccak256(commitment ‖ content CID ‖ parts CID if any)), 0x-hex. */
export function leafOf({ commitment, contentCid, partsCid }: RecordEntry): string {
  const parts = [fromHex(commitment), CID.parse(contentCid).bytes];
  if (partsCid !== undefined) parts.push(CID.parse(partsCid).bytes);
  return `0x${toHex(keccak_256(keccak_256(concat(...parts))))}`;
}

/** Root and proofs of leaves in manifest order. */
export function merkleTree(leaves: readonly string[]): { root: string; proof(index: number): string[] } {
  const nodes = new Array<string>(2 * leaves.length - 1);
  for (const [index, leaf] of leaves.entries()) nodes[nodes.length - 1 - index] = leaf;
  for (let at = nodes.length - 1 - leaves.length; at >= 0; at--)
    nodes[at] = pair(nodes[2 * at + 1]!, nodes[2 * at + 2]!);
  return {
    root: nodes[0]!,
    proof(index) {
      const proof: string[] = [];
      for (let at = nodes.length - 1 - index; at > 0; at = (at - 1) >> 1) proof.push(nodes[at % 2 ? at + 1 : at - 1]!);
      return proof;
    },
  };
}

export function rootOf(leaf: string, proof: readonly string[]): string {
  return proof.reduce(pair, leaf);
}

// Lower-case hex of equal length sorts as its bytes do.
function pair(a: string, b: string): string {
  const [first, second] = a < b ? [a, b] : [b, a];
  return `0x${toHex(keccak_256(concat(fromHex(first), fromHex(second))))}`;
}
