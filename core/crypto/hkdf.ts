/** HKDF (RFC 5869) and the fixed-width integers of the wire formats. */
import { createSecretKey, hkdfSync } from 'node:crypto';

const NO_SALT = new Uint8Array(0);

// Keys go to node:crypto as key objects throughout: raw bytes make each call two to five times slower.

/**
 * HKDF-SHA256 with extract and expand.
 * @param ikm the secret
 * @param info label and context; what it separates must be in it without ambiguity (see `fields`)
 */
export function hkdfSha256(
  ikm: Uint8Array,
  info: Uint8Array | string,
  length: number,
  salt: Uint8Array = NO_SALT,
): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', createSecretKey(ikm), salt, info, length));
}

/** Joins fields without ambiguity: each preceded by its length as uint32, big-endian. Text is UTF-8. */
export function fields(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part));
  return Buffer.concat(bytes.flatMap((part) => [uint32(part.length), part]));
}

export function uint16(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function uint32(value: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint64(value: bigint): Uint8Array {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
