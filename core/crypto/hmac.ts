/**
 * HMAC (RFC 2104), made for short messages. Deriving a record's keys takes some twenty of them; as objects of node:crypto
 * each costs three times as much, and the same again when the garbage collector meets it.
 */
import { createHmac, hash } from 'node:crypto';

export type HashName = 'sha256' | 'sha512';

interface Shape {
  /** Bytes that the hash takes in at once. */
  readonly block: number;
  /** Bytes of its result. */
  readonly length: number;
  readonly inner: Buffer;
  readonly outer: Buffer;
}

/** Longer messages are not copied together. */
const SHORT = 8192;
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
  if (size > inner.length) return ofLong(name, key, message);
  padded(inner, pad, INNER_PAD, block);
  let at = block;
  for (const piece of message) {
    inner.set(piece, at);
    at += piece.length;
  }
  padded(outer, pad, OUTER_PAD, block);
  // As text the digests cost a third of what they cost as buffers.
  outer.write(hash(name, inner.subarray(0, size), 'binary'), block, length, 'latin1');
  return Buffer.from(hash(name, outer, 'binary'), 'latin1');
}

function padded(into: Buffer, key: Uint8Array, pad: number, block: number): void {
  into.fill(pad, 0, block);
  for (let at = 0; at < key.length; at++) into[at]! ^= key[at]!;
}

function ofLong(name: HashName, key: Uint8Array, message: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac(name, key);
  for (const piece of message) mac.update(piece);
  return mac.digest();
}
