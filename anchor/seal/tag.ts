import { uint64 } from '../../core/crypto/hkdf.ts';
import { hmac } from '../../core/crypto/hmac.ts';

export const TAG_BYTES = 16;
const LABEL = Buffer.from('dhc-tag/1');

/**
 * Index entry of a patient's record: pseudo-random to everyone without the index key, so that only the patient and
 * the hospital can tell that two records belong together.
 * @param indexKey the patient's, 32 bytes
 * @param counter 0 for the patient's first record; never used twice
 * @returns 16 bytes
 */
export function tagFor(indexKey: Uint8Array, counter: bigint): Uint8Array {
  return hmac('sha256', indexKey, LABEL, uint64(counter)).subarray(0, TAG_BYTES);
}
