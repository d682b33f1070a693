import { hkdfSha256 } from '../crypto/hkdf.ts';
import { publicKeyOf } from '../crypto/x25519.ts';

/** Reference under which the hospital keeps keys for records that belong to no person. */
export const HOSPITAL_REF = 'hospital';

/** What opens a person's records; 32 bytes each. */
export interface OpeningKeys {
  readonly x25519Private?: Uint8Array;
  /** Scalar on secp256k1, big-endian. */
  readonly umbralSecret?: Uint8Array;
}

/** What it takes to seal for a patient; opens nothing. */
export interface SealingKeys {
  /** 32 bytes */
  readonly x25519Public: Uint8Array;
  /** Compressed point on secp256k1, 33 bytes; in custody it follows from the secret. */
  readonly umbralPublic?: Uint8Array;
  /** Makes the tags of the patient's index entries; 32 bytes, known to the patient and the hospital. */
  readonly indexKey: Uint8Array;
  /** Makes the data keys of the patient's records, together with their content; 32 bytes. */
  readonly sealKey: Uint8Array;
}

/** The opening keys are there while the hospital has custody, and not after the patient has claimed. */
export type PatientKeys = SealingKeys & OpeningKeys;

/** Keys of a patient in the hospital's custody. */
export type CustodyKeys = SealingKeys & Required<OpeningKeys>;

/**
 * @param master the hospital's, 32 bytes
 * @param salt the patient's own, 32 random bytes
 */
export function derivePatientKeys(master: Uint8Array, salt: Uint8Array): CustodyKeys {
  const secret = hkdfSha256(master, 'dhc/patient/1', 32, salt);
  return {
    ...openingKeysOf(secret),
    indexKey: hkdfSha256(secret, 'dhc/index/1', 32),
    sealKey: hkdfSha256(secret, 'dhc/seal/1', 32),
  };
}

/**
 * The key pairs of one person from the one secret that the person keeps.
 * @param secret 32 bytes
 */
export function openingKeysOf(secret: Uint8Array): Required<OpeningKeys> & Pick<SealingKeys, 'x25519Public'> {
  const x25519Private = hkdfSha256(secret, 'dhc/patient-x25519/1', 32);
  return {
    x25519Private,
    x25519Public: publicKeyOf(x25519Private),
    umbralSecret: hkdfSha256(secret, 'dhc/patient-umbral/1', 32),
  };
}
