/** Random changes of bytes, as a rotten disk or a liar makes them. */
import fc from 'fast-check';

export interface Change {
  readonly how: 'flip' | 'cut' | 'remove' | 'double' | 'swap' | 'insert';
  readonly at: number;
  readonly length: number;
  readonly noise: Uint8Array;
}

/** A flipped bit, a cut, a removed or doubled stretch, two stretches swapped, noise put in. */
export const change: fc.Arbitrary<Change> = fc.record({
  how: fc.constantFrom('flip', 'cut', 'remove', 'double', 'swap', 'insert'),
  at: fc.nat({ max: 1 << 30 }),
  length: fc.integer({ min: 1, max: 40 }),
  noise: fc.uint8Array({ minLength: 1, maxLength: 24 }),
});

export function changed(bytes: Uint8Array, by: Change): Uint8Array {
  const at = by.at % bytes.length;
  const [head, piece, tail] = [
    bytes.subarray(0, at),
    bytes.subarray(at, at + by.length),
    bytes.subarray(at + by.length),
  ];
  switch (by.how) {
    case 'flip': {
      const copy = Uint8Array.from(bytes);
      copy[at]! ^= 1 << (by.length % 8);
      return copy;
    }
    case 'cut':
      return head;
    case 'remove':
      return Buffer.concat([head, tail]);
    case 'double':
      return Buffer.concat([head, piece, piece, tail]);
    case 'swap':
      return Buffer.concat([tail, piece, head]);
    case 'insert':
      return Buffer.concat([head, by.noise, piece, tail]);
  }
}
