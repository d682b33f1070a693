/**
 * HMAC (RFC 2104) of short messages. Deriving a record's keys takes some thirty of them; as objects of node:crypto each
 * costs three times as much, and the same again when the garbage collector meets it.
 */
import { hash } from 'node:crypto';

export type HashName = 'sha256' | 'sha512';

interface Shape {
  /** Bytes that the hash takes in at once. */
  readonly block: number;
  /** Bytes of its result. */
  readonly length: number;
  readonly inner: Buffer;
  readonly outer: Buffer;
}

/** Messages up to this length need no memory of their own. */
const SHORT = 1024;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

function shape(block: number, length: number): Shape {
  return { block, length, inner: Buffer.alloc(block + SHORT), outer: Buffer.alloc(block + length) };
}

const SHAPES: Readonly<Record<HashName, Shape>> = { sha256: shape(64, 32), sha512: shape(128, 64) };

/** @param message in pieces, as if they were one */
export function hmac(name: HashName, key: Uint8Array, ...message: readonly Uint8Array[]): Uint8Array {
  const { block, length, inner, outer } = SHAPES[name];
  const pad = key.length > block ? hash(name, key, 'buffer') : key;
  let size = block;
  for (const piece of message) size += piece.length;
  const first = size <= inner.length ? inner : Buffer.allocUnsafe(size);
  padded(first, pad, INNER_PAD, block);
  let at = block;
  for (const piece of message) {
    first.set(piece, at);
    at += piece.length;
  }
  padded(outer, pad, OUTER_PAD, block);
  // As text the digests cost a third of what they cost as buffers.
  outer.write(hash(name, first.subarray(0, size), 'binary'), block, length, 'latin1');
  return Buffer.from(hash(name, outer, 'binary'), 'latin1');
}

function padded(into: Buffer, key: Uint8Array, pad: number, block: number): void {
  into.fill(pad, 0, block);
  for (let at = 0; at < key.length; at++) into[at]! ^= key[at]!;
}
