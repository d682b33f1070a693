/**
 * Everything secret or random-looking of one sealed record, derived and not drawn, so that sealing the same
 * record again gives the same bytes (docs/decisions/0021).
 *
 * The derivation takes in all that the sealed message authenticates. So one key never meets two contents, two
 * contexts or two frame lengths, which AES-GCM with counted nonces would not survive.
 */
import { hash } from 'node:crypto';
import { fields, hkdfSha256, uint32 } from '../../core/crypto/hkdf.ts';
import { MAX_FRAME_LENGTH } from '../../core/crypto/message.ts';

/** Where a record stands. */
export interface RecordPlace {
  /** The hospital's id. */
  readonly hospital: string;
  /** Of the source item, from `core/ids.ts`. */
  readonly itemId: string;
  /** 16 bytes */
  readonly tag: Uint8Array;
}

/** 32 bytes each. */
export interface RecordSecrets {
  readonly dataKey: Uint8Array;
  readonly messageId: Uint8Array;
  /** Public; ties the key packet to the content. */
  readonly binder: Uint8Array;
  /** Key of the commitment. */
  readonly salt: Uint8Array;
  /** From which key packets draw what they would else draw at random. */
  readonly packetSeed: Uint8Array;
}

/** @param sealKey the patient's, 32 bytes */
export function recordSecrets(sealKey: Uint8Array, place: RecordPlace, content: Uint8Array): RecordSecrets {
  const digest = hash('sha256', content, 'buffer');
  const info = fields('dhc/record/1', place.hospital, place.itemId, place.tag, uint32(MAX_FRAME_LENGTH), digest);
  const bytes = hkdfSha256(sealKey, info, 5 * 32);
  const part = (index: number) => bytes.subarray(index * 32, (index + 1) * 32);
  return { dataKey: part(0), messageId: part(1), binder: part(2), salt: part(3), packetSeed: part(4) };
}
