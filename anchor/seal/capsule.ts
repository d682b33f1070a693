/** C2: the dag-cbor block that gives a record's secret to one person. */
import { decode, encode } from '@ipld/dag-cbor';
import type { MessageHeader } from '../../core/crypto/message.ts';
import { cannotOpen } from '../../core/crypto/refusal.ts';
import type { OpeningKeys } from '../../core/keystore/keystore.ts';
import { type KeyPacket, keyPacket, type PacketFields, packetsByName } from './key-packet.ts';

const VERSION = 1;
const SECRET_BYTES = 64;
export const EDK_PROVIDER = 'dhc.key-packet';
export const EDK_INFO = '1';

/** 32 bytes each. */
export interface RecordKeys {
  readonly dataKey: Uint8Array;
  /** Key of the commitment. */
  readonly salt: Uint8Array;
}

/**
 * Makes a capsule, for the patient when sealing or for another person when sharing.
 * @param recipient public key, raw
 * @param binder from `binderOf` the content's header
 * @param seed only when sealing; a shared capsule is random
 * @param packet the kind of the recipient's key
 */
export function makeCapsule(
  recipient: Uint8Array,
  binder: Uint8Array,
  keys: RecordKeys,
  seed?: Uint8Array,
  packet: KeyPacket = packetsByName.hpke,
): Uint8Array {
  const secret = Buffer.concat([keys.dataKey, keys.salt]);
  return encode({ v: VERSION, alg: packet.alg, ...packet.wrap(recipient, binder, secret, seed) });
}

/**
 * @param contentHeader of the record's content (C1), from `readHeader`
 * @param keys of the person for whom the capsule was made; bare bytes are an X25519 private key
 * @throws BridgeError `seal.open`, also where no key of the capsule's kind is given
 */
export function openCapsule(
  capsule: Uint8Array,
  contentHeader: MessageHeader,
  keys: Uint8Array | OpeningKeys,
): RecordKeys {
  const { alg, packet } = readCapsule(capsule);
  const kind = keyPacket(alg);
  const privateKey = kind.privateKey(keys instanceof Uint8Array ? { x25519Private: keys } : keys);
  if (privateKey === undefined) throw cannotOpen();
  const secret = kind.unwrap(packet, binderOf(contentHeader), privateKey);
  if (secret.length !== SECRET_BYTES) throw cannotOpen();
  return { dataKey: secret.subarray(0, 32), salt: secret.subarray(32) };
}

/** The 32 bytes of a content's header to which its capsules are bound. @throws BridgeError `seal.open` */
export function binderOf(header: MessageHeader): Uint8Array {
  const [key, ...others] = header.edks;
  const known = key?.provider === EDK_PROVIDER && Buffer.from(key.info).toString() === EDK_INFO;
  if (!known || others.length > 0 || key.ciphertext.length !== 32) throw cannotOpen();
  return key.ciphertext;
}

/** Name and fields of a capsule that is not opened here. @throws BridgeError `seal.open` */
export function readCapsule(bytes: Uint8Array): { alg: string; packet: PacketFields } {
  let value: unknown;
  try {
    value = decode(bytes);
  } catch {
    throw cannotOpen();
  }
  if (typeof value !== 'object' || value === null) throw cannotOpen();
  const { v, alg, ...packet } = value as Record<string, unknown>;
  if (v !== VERSION || typeof alg !== 'string') throw cannotOpen();
  if (!Object.values(packet).every((field) => field instanceof Uint8Array)) throw cannotOpen();
  return { alg, packet: packet as PacketFields };
}
