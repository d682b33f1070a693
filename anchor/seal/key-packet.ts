/** Ways to give a record's secret to one person. Each is known by its `alg`, which is written in the capsule (C2). */

import { fields, hkdfSha256 } from '../../core/crypto/hkdf.ts';
import * as hpke from '../../core/crypto/hpke.ts';
import { cannotOpen } from '../../core/crypto/refusal.ts';
import type { OpeningKeys, PatientKeys } from '../../core/keystore/keystore.ts';
import { umbral } from './umbral/packet.ts';

/** What a key packet writes into the capsule beside `v` and `alg`. */
export type PacketFields = Readonly<Record<string, Uint8Array>>;

export interface KeyPacket {
  /** Name in the capsule: scheme and all its parameters. */
  readonly alg: string;
  /** The public key to which a patient's records are sealed; undefined where the patient has none of this kind. */
  publicKey(patient: PatientKeys): Uint8Array | undefined;
  /** The private key of this kind; undefined where there is none. */
  privateKey(keys: OpeningKeys): Uint8Array | undefined;
  /**
   * @param recipient public key, raw
   * @param binder of the content (C1), authenticated
   * @param secret data key and commitment salt
   * @param seed 32 secret bytes of this record, for a reproducible packet where the scheme can make one; random where absent
   */
  wrap(recipient: Uint8Array, binder: Uint8Array, secret: Uint8Array, seed?: Uint8Array): PacketFields;
  /** @returns the secret. @throws BridgeError `seal.open` */
  unwrap(packet: PacketFields, binder: Uint8Array, privateKey: Uint8Array): Uint8Array;
}

const INFO = Buffer.from('dhc-key-packet/1');

const hpkeX25519: KeyPacket = {
  alg: 'hpke-x25519-hkdfsha256-aes256gcm',
  publicKey: (patient) => patient.x25519Public,
  privateKey: (keys) => keys.x25519Private,

  wrap(recipient, binder, secret, seed) {
    // Another recipient of the same record gets another ephemeral key: the two packets cannot be linked by it.
    const ephemeralIkm = seed && hkdfSha256(seed, fields('dhc/hpke-ephemeral/1', recipient), 32);
    return { ...hpke.seal(recipient, INFO, binder, secret, ephemeralIkm) };
  },

  unwrap({ enc, ct, ...others }, binder, privateKey) {
    if (enc === undefined || ct === undefined || Object.keys(others).length > 0) throw cannotOpen();
    return hpke.open(privateKey, INFO, binder, { enc, ct });
  },
};

const packets: ReadonlyMap<string, KeyPacket> = new Map([hpkeX25519, umbral].map((packet) => [packet.alg, packet]));

/** As the config names them. */
export const packetsByName = { hpke: hpkeX25519, umbral } as const;
export type PacketName = keyof typeof packetsByName;

/** The one that new records of this patient use: as configured, where the patient has a key of that kind. */
export function packetFor(name: PacketName, patient: PatientKeys): { packet: KeyPacket; recipient: Uint8Array } {
  const packet = packetsByName[name];
  const recipient = packet.publicKey(patient);
  return recipient ? { packet, recipient } : { packet: hpkeX25519, recipient: patient.x25519Public };
}

/** @throws BridgeError `seal.open` for a name that this release does not know */
export function keyPacket(alg: string): KeyPacket {
  const packet = packets.get(alg);
  if (packet === undefined) throw cannotOpen();
  return packet;
}
