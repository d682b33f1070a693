import { hkdfSha256 } from '../crypto/hkdf.ts';
import { publicKeyOf } from '../crypto/x25519.ts';

/** Reference under which the hospital keeps keys for records that belong to no person. */
export const HOSPITAL_REF = 'hospital';

/** 32 bytes each. */
export interface PatientKeys {
  readonly x25519Private: Uint8Array;
  readonly x25519Public: Uint8Array;
  /** Makes the tags of the patient's index entries. */
  readonly indexKey: Uint8Array;
  /** Makes the data keys of the patient's records. */
  readonly sealKey: Uint8Array;
}

/**
 * @param master the hospital's, 32 bytes
 * @param salt the patient's own, 32 random bytes
 */
export function derivePatientKeys(master: Uint8Array, salt: Uint8Array): PatientKeys {
  const secret = hkdfSha256(master, 'dhc/patient/1', 32, salt);
  const x25519Private = hkdfSha256(secret, 'dhc/patient-x25519/1', 32);
  return {
    x25519Private,
    x25519Public: publicKeyOf(x25519Private),
    indexKey: hkdfSha256(secret, 'dhc/index/1', 32),
    sealKey: hkdfSha256(secret, 'dhc/seal/1', 32),
  };
}
