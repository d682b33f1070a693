/**
 * Patients whose keys are no longer the first ones: claimed by the patient, or renewed. While a change is being carried
 * out the old salt is kept beside the new keys, so that old records can be opened once more and wrapped anew; new records
 * are sealed with the new keys from the first moment on.
 */
import { z } from 'zod';
import { BridgeError } from '../errors.ts';

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

const KeyChange = z.strictObject({
  v: z.literal(1),
  /** 1 for the first change. */
  generation: z.int().min(1),
  indexKey: hex(32),
  sealKey: hex(32),
  /** Of renewed custody keys. */
  salt: hex(32).optional(),
  /** Of a patient who has claimed. */
  claimed: z.strictObject({ x25519Public: hex(32), umbralPublic: hex(33).optional() }).optional(),
  /** Salts of keys before this one whose records are not all wrapped anew yet. */
  previous: z.array(hex(32)),
  /** CID of the block that links the capsules made by the last finished change. */
  capsules: z.string().optional(),
});
export type KeyChange = z.infer<typeof KeyChange>;

export function encodeChange(change: KeyChange): Uint8Array {
  return Buffer.from(JSON.stringify(KeyChange.parse(change)));
}

/** @throws BridgeError `keystore.format` */
export function decodeChange(bytes: Uint8Array): KeyChange {
  try {
    return KeyChange.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new BridgeError('keystore.format', 'a newer version of the bridge wrote the table of salts', { cause });
  }
}
