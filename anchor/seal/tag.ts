import { createHmac, createSecretKey } from 'node:crypto';
import { uint64 } from '../../core/crypto/hkdf.ts';

export const TAG_BYTES = 16;

/**
 * Index entry of a patient's record: pseudo-random to everyone without the index key, so that only the patient and
 * the hospital can tell that two records belong together.
 * @param indexKey the patient's, 32 bytes
 * @param counter 0 for the patient's first record; never used twice
 * @returns 16 bytes
 */
export function tagFor(indexKey: Uint8Array, counter: bigint): Uint8Array {
  return createHmac('sha256', createSecretKey(indexKey))
    .update('dhc-tag/1')
    .update(uint64(counter))
    .digest()
    .subarray(0, TAG_BYTES);
}
