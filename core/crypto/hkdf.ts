/** HKDF (RFC 5869) and the fixed-width integers of the wire formats. */
import { type HashName, hmac } from './hmac.ts';

const NO_SALT = new Uint8Array(0);
const DIGEST: Readonly<Record<HashName, number>> = { sha256: 32, sha512: 64 };

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
  return hkdfExpand('sha256', hkdfExtract('sha256', salt, ikm), toBytes(info), length);
}

/** RFC 5869 §2.2. @param ikm the secret, in pieces */
export function hkdfExtract(hash: HashName, salt: Uint8Array, ...ikm: readonly Uint8Array[]): Uint8Array {
  return hmac(hash, salt, ...ikm);
}

/** RFC 5869 §2.3. @param prk from `hkdfExtract`; one serves several infos */
export function hkdfExpand(hash: HashName, prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const blocks = Math.ceil(length / DIGEST[hash]);
  if (blocks > 255) throw new RangeError('HKDF gives at most 255 digests');
  const okm = new Uint8Array(length);
  let last: Uint8Array = NO_SALT;
  for (let block = 1; block <= blocks; block++) {
    last = hmac(hash, prk, last, info, Uint8Array.of(block));
    const at = (block - 1) * last.length;
    okm.set(last.subarray(0, length - at), at);
  }
  return okm;
}

/** Joins fields without ambiguity: each preceded by its length as uint32, big-endian. Text is UTF-8. */
export function fields(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return Buffer.concat(parts.map(toBytes).flatMap((part) => [uint32(part.length), part]));
}

function toBytes(part: Uint8Array | string): Uint8Array {
  return typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
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
