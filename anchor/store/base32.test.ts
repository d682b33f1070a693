import fc from 'fast-check';
import { base32 } from 'multiformats/bases/base32';
import { expect, test } from 'vitest';
import { fromBase32, toBase32 } from './base32.ts';

test('is that of the library, in both directions', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const text = toBase32(bytes);
      expect(text).toBe(base32.baseEncode(bytes));
      expect(fromBase32(text, bytes.length)).toEqual(bytes);
    }),
  );
});

test('of all texts only the one of the bytes is read', () => {
  const letters = [...'abcdefghijklmnopqrstuvwxyz234567', 'A', '1', '=', ' ', '\u0161', '\u{1F600}'];
  const text = fc.string({ unit: fc.constantFrom(...letters), maxLength: 12 });
  fc.assert(
    fc.property(text, fc.nat(8), (one, length) => {
      const bytes = fromBase32(one, length);
      if (bytes !== undefined) expect([bytes.length, toBase32(bytes)]).toEqual([length, one]);
    }),
    { numRuns: 2_000 },
  );
});
