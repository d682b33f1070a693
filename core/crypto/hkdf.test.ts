import { createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hkdfExpand, hkdfExtract, hkdfSha256 } from './hkdf.ts';
import { hmac } from './hmac.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const name = fc.constantFrom('sha256' as const, 'sha512' as const);
// Keys and messages on both sides of a block of the hash and of the memory that is kept ready.
const bytes = fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ minLength: 8180, maxLength: 8200 }));

describe('RFC 5869, appendix A', () => {
  test.each([
    {
      ikm: '0b'.repeat(22),
      salt: '000102030405060708090a0b0c',
      info: 'f0f1f2f3f4f5f6f7f8f9',
      length: 42,
      prk: '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5',
      okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    },
    {
      ikm: '0b'.repeat(22),
      salt: '',
      info: '',
      length: 42,
      prk: '19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04',
      okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    },
  ])('with $length bytes of output, salt "$salt"', ({ ikm, salt, info, length, prk, okm }) => {
    const [key, from, what] = [ikm, salt, info].map((text) => new Uint8Array(Buffer.from(text, 'hex')));
    expect(hex(hkdfExtract('sha256', from!, key!))).toBe(prk);
    expect(hex(hkdfSha256(key!, what!, length, from))).toBe(okm);
  });
});

test('are those of node:crypto, in whatever pieces the message comes', () => {
  fc.assert(
    fc.property(name, bytes, fc.array(bytes, { maxLength: 3 }), (hash, key, pieces) => {
      const theirs = createHmac(hash, key).update(Buffer.concat(pieces)).digest('hex');
      expect(hex(hmac(hash, key, ...pieces))).toBe(theirs);
    }),
  );
  fc.assert(
    fc.property(name, bytes, bytes, bytes, fc.integer({ min: 1, max: 300 }), (hash, ikm, salt, info, length) => {
      const theirs = Buffer.from(hkdfSync(hash, ikm, salt, info.subarray(0, 1024), length));
      const ours = hkdfExpand(hash, hkdfExtract(hash, salt, ikm), info.subarray(0, 1024), length);
      expect(hex(ours)).toBe(theirs.toString('hex'));
    }),
  );
});

test('more than HKDF can give is refused', () => {
  expect(() => hkdfSha256(new Uint8Array(32), 'x', 255 * 32 + 1)).toThrow(RangeError);
});
