/** Ways to give a record's secret to one person. Each is known by its `alg`, which is written in the capsule (C2). */

import { fields, hkdfSha256 } from '../../core/crypto/hkdf.ts';
import * as hpke from '../../core/crypto/hpke.ts';
import { cannotOpen } from '../../core/crypto/refusal.ts';

/** What a key packet writes into the capsule beside `v` and `alg`. */
export type PacketFields = Readonly<Record<string, Uint8Array>>;

export interface KeyPacket {
  /** Name in the capsule: scheme and all its parameters. */
  readonly alg: string;
  /**
   * @param recipient public key, raw
   * @param binder of the content (C1), authenticated
   * @param secret data key and commitment salt
   * @param seed 32 secret bytes of this record, for a reproducible packet; random where absent
   */
  wrap(recipient: Uint8Array, binder: Uint8Array, secret: Uint8Array, seed?: Uint8Array): PacketFields;
  /** @returns the secret. @throws BridgeError `seal.open` */
  unwrap(packet: PacketFields, binder: Uint8Array, privateKey: Uint8Array): Uint8Array;
}

const INFO = Buffer.from('dhc-key-packet/1');

const hpkeX25519: KeyPacket = {
  alg: 'hpke-x25519-hkdfsha256-aes256gcm',

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

const packets: ReadonlyMap<string, KeyPacket> = new Map([hpkeX25519].map((packet) => [packet.alg, packet]));

/** The one that new records use. */
export const defaultPacket: KeyPacket = hpkeX25519;

/** @throws BridgeError `seal.open` for a name that this release does not know */
export function keyPacket(alg: string): KeyPacket {
  const packet = packets.get(alg);
  if (packet === undefined) throw cannotOpen();
  return packet;
}
