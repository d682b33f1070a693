import { Interface, Transaction } from 'ethers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import artifact from './generated/HealthIndex.json' with { type: 'json' };
import { encodeAnchor } from './health-index.ts';
import { privateKeySigner } from './signer.ts';
import { endsOf, signTransaction } from './transaction.ts';

const signer = privateKeySigner(`0x${'46'.repeat(32)}`);
const hex = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`);
const wei = fc.bigInt({ min: 0n, max: 2n ** 70n });
const unsigned = fc.record({
  chainId: fc.bigInt({ min: 1n, max: 2n ** 53n }).map(String),
  nonce: fc.nat(),
  to: hex(20, 20),
  // On both sides of the lengths at which RLP changes its form.
  data: fc.oneof(hex(0, 2), hex(50, 60), hex(250, 260), hex(65_530, 65_540)),
  gasLimit: wei,
  maxFeePerGas: wei,
  maxPriorityFeePerGas: wei,
});

test('the library reads what was signed, and would have written the same', async () => {
  await fc.assert(
    fc.asyncProperty(unsigned, async (tx) => {
      const fees = { maxFeePerGas: tx.maxFeePerGas + tx.maxPriorityFeePerGas };
      const signed = await signTransaction(signer, { ...tx, ...fees });
      const read = Transaction.from(signed.raw);
      expect(read.hash).toBe(signed.hash);
      expect(read.serialized).toBe(signed.raw);
      const { chainId, nonce, to, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = read;
      const fields = { nonce, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas };
      expect({ ...fields, chainId: String(chainId), to: to!.toLowerCase() }).toEqual({ ...tx, ...fees });
      const ends = { from: read.from, to };
      expect(endsOf(signed.raw)).toEqual(ends);
      // Upper case is another text, which is read anew.
      expect(endsOf(`0x${signed.raw.slice(2).toUpperCase()}`)).toEqual(ends);
    }),
    { numRuns: 40 },
  );
});

test('what is no hex or no address is not signed', async () => {
  const tx = { chainId: '1', nonce: 0, to: signer.address, data: '0x', gasLimit: 1n };
  const fees = { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n };
  for (const wrong of [{ data: '0xabc' }, { data: '0xzz' }, { data: 'ab' }, { to: '0x12' }])
    await expect(signTransaction(signer, { ...tx, ...fees, ...wrong })).rejects.toThrow(TypeError);
});

test('the call of the contract is the one of its ABI', () => {
  const abi = new Interface(artifact.abi);
  fc.assert(
    fc.property(hex(32, 32), hex(32, 32), hex(0, 200), (root, manifest, tags) => {
      expect(encodeAnchor({ root, manifest, tags })).toBe(abi.encodeFunctionData('anchor', [root, manifest, tags]));
    }),
  );
});
