import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, toHex, uint64, utf8 } from './bytes.ts';

/** Index entry of a person's record, hex of 16 bytes. @param counter 0 for the first record */
export function tagFor(indexKey: Uint8Array, counter: bigint): string {
  return toHex(hmac(sha256, indexKey, concat(utf8('dhc-tag/1'), uint64(counter))).subarray(0, 16));
}

/** HMAC-SHA256 of a record's content under the salt of its key packet, hex. */
export function commitmentOf(salt: Uint8Array, bundle: Uint8Array): string {
  return toHex(hmac(sha256, salt, bundle));
}
