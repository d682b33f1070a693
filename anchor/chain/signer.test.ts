import { recoverAddress, Transaction } from 'ethers';
import { expect, test } from 'vitest';
import { privateKeySigner } from './signer.ts';
import { signTransaction } from './transaction.ts';

// The key of EIP-155's example, and its address.
const KEY = `0x${'46'.repeat(32)}`;
const ADDRESS = '0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F';

test('the address is that of the key', () => {
  expect(privateKeySigner(KEY).address).toBe(ADDRESS);
  expect(privateKeySigner(Buffer.alloc(32, 0x46)).address).toBe(ADDRESS);
});

test('a signed transaction names its sender, the same each time', async () => {
  const signer = privateKeySigner(KEY);
  const fees = { gasLimit: 21_000n, maxFeePerGas: 2n, maxPriorityFeePerGas: 1n };
  const unsigned = { chainId: '31337', nonce: 0, to: ADDRESS, data: '0x', ...fees };
  const signed = await signTransaction(signer, unsigned);
  const read = Transaction.from(signed.raw);
  expect([read.hash, read.from]).toEqual([signed.hash, ADDRESS]);
  expect(recoverAddress(read.unsignedHash, read.signature!)).toBe(ADDRESS);
  expect(await signTransaction(signer, unsigned)).toEqual(signed);
});

test.each(['', '0x', `0x${'00'.repeat(32)}`, `0x${'ff'.repeat(32)}`, '46'.repeat(31), 'no key at all'])(
  'what is no key is refused and not repeated: %j',
  (text) => {
    const refused = () => privateKeySigner(text);
    expect(refused).toThrow(expect.objectContaining({ code: 'config.invalid' }));
    if (text.length > 2) expect(refused).not.toThrow(text);
  },
);
