import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { SimpleMerkleTree } from '@openzeppelin/merkle-tree';
import { getBytes, hexlify, Interface, keccak256 } from 'ethers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blockCid, DAG_CBOR, RAW } from '../store/cid.ts';
import { startAnvil, type TestChain } from '../testing/anvil.ts';
import { leafOf, merkleTree, rootOf } from './merkle.ts';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => hexlify(bytes));

test('has the root and the proofs of the OpenZeppelin library', () => {
  fc.assert(
    fc.property(fc.array(hash, { minLength: 1, maxLength: 70 }), (leaves) => {
      const theirs = SimpleMerkleTree.of(leaves, { sortLeaves: false });
      const ours = merkleTree(leaves);
      expect(ours.root).toBe(theirs.root);
      for (const index of leaves.keys()) expect(ours.proof(index)).toEqual(theirs.getProof(index));
    }),
    { numRuns: 40 },
  );
});

test('a proof leads to the root from its own leaf only', () => {
  const leaves = Array.from({ length: 33 }, (_, n) => keccak256(Uint8Array.of(n)));
  const { root, proof } = merkleTree(leaves);
  for (const [index, leaf] of leaves.entries())
    for (const other of leaves) expect(rootOf(other, proof(index)) === root).toBe(other === leaf);
});

test('no leaf, no tree; no index outside', () => {
  expect(() => merkleTree([])).toThrow(RangeError);
  expect(() => merkleTree([keccak256('0x')]).proof(1)).toThrow(RangeError);
});

test('the leaf is what the architecture says, computed by hand', () => {
  const contentCid = blockCid(RAW, Buffer.from('c1'));
  const partsCid = blockCid(DAG_CBOR, Buffer.from('parts'));
  const commitment = '11'.repeat(32);
  const bytes = Buffer.concat([getBytes(`0x${commitment}`), contentCid.bytes, partsCid.bytes]);
  expect(bytes).toHaveLength(32 + 36 + 36);
  expect(leafOf({ commitment, contentCid: contentCid.toString(), partsCid: partsCid.toString() })).toBe(
    keccak256(keccak256(bytes)),
  );
  expect(leafOf({ commitment, contentCid: contentCid.toString() })).toBe(keccak256(keccak256(bytes.subarray(0, 68))));
});

describe('on the chain', () => {
  const abi = new Interface(['function verify(bytes32[] proof, bytes32 root, bytes32 leaf) view returns (bool)']);
  const address = '0x00000000000000000000000000000000000000aa';
  let chain: TestChain;
  beforeAll(async () => {
    chain = await startAnvil();
    await chain.rpc.send('anvil_setCode', [address, verifierCode()]);
  });
  afterAll(() => chain?.stop());

  test.each([1, 2, 3, 50, 1_000])(
    'the MerkleProof of OpenZeppelin accepts proofs of %i leaves and no other',
    async (count) => {
      const leaves = Array.from({ length: count }, (_, n) => keccak256(hexlify(Buffer.from(`leaf ${n}`))));
      const { root, proof } = merkleTree(leaves);
      const verify = async (leaf: string, siblings: string[]) =>
        abi.decodeFunctionResult(
          'verify',
          await chain.rpc.call(address, abi.encodeFunctionData('verify', [siblings, root, leaf])),
        )[0];
      for (const index of new Set([0, count >> 1, count - 1])) {
        expect(await verify(leaves[index]!, proof(index))).toBe(true);
        expect(await verify(keccak256(leaves[index]!), proof(index))).toBe(false);
      }
    },
  );
});

/** Runtime code of a contract that does nothing but ask the library. */
function verifierCode(): string {
  const require = createRequire(import.meta.url);
  const content = `// SPDX-License-Identifier: Apache-2.0
    pragma solidity ^0.8.20;
    import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
    contract V { function verify(bytes32[] calldata proof, bytes32 root, bytes32 leaf) external pure returns (bool) {
      return MerkleProof.verifyCalldata(proof, root, leaf); } }`;
  const input = {
    language: 'Solidity',
    sources: { 'V.sol': { content } },
    settings: { outputSelection: { '*': { V: ['evm.deployedBytecode.object'] } } },
  };
  const imports = (path: string) => ({ contents: readFileSync(require.resolve(path), 'utf8') });
  const output = JSON.parse(require('solc').compile(JSON.stringify(input), { import: imports }));
  return `0x${output.contracts['V.sol'].V.evm.deployedBytecode.object}`;
}
