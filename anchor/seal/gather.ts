/**
 * Many byte strings as one buffer that changes hands between threads without being copied; sent one by one, each would
 * cost as much as its hashing, and a view of a shared pool would take the whole pool along.
 */

export interface Gathered {
  readonly bytes: ArrayBuffer;
  readonly lengths: Uint32Array;
}

/** The bytes of each, in order. */
export function gather(strings: readonly Uint8Array[]): Gathered {
  const lengths = Uint32Array.from(strings, ({ length }) => length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const one of strings) {
    bytes.set(one, at);
    at += one.length;
  }
  return { bytes: bytes.buffer, lengths };
}

/** @returns views of the one buffer */
export function spread({ bytes, lengths }: Gathered): Uint8Array[] {
  let at = 0;
  return Array.from(lengths, (length) => {
    at += length;
    return new Uint8Array(bytes, at - length, length);
  });
}
