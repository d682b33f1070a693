/** Key packets (C2): opened with the person's keys, made for another person. */
import { decode, encode } from '@ipld/dag-cbor';
import { concat, equal, toHex, utf8 } from './bytes.ts';
import * as hpke from './hpke.ts';
import type { MessageHeader } from './message.ts';
import { CannotOpen } from './refusal.ts';

const INFO = utf8('dhc-key-packet/1');
export const HPKE_ALG = 'hpke-x25519-hkdfsha256-aes256gcm';

/** 32 bytes each. */
export interface RecordKeys {
  readonly dataKey: Uint8Array;
  readonly salt: Uint8Array;
}

export interface OpeningKeys {
  readonly x25519Private?: Uint8Array;
  readonly umbralSecret?: Uint8Array;
}

/** Opens packets of one further `alg`; for Umbral see `umbral/`. */
export interface PacketOpener {
  readonly alg: string;
  open(fields: Readonly<Record<string, Uint8Array>>, binder: Uint8Array, keys: OpeningKeys): Promise<Uint8Array>;
}

/** @throws CannotOpen */
export function binderOf({ edks }: MessageHeader): Uint8Array {
  const [key, ...others] = edks;
  const known = key?.provider === 'dhc.key-packet' && equal(key.info, utf8('1'));
  if (!known || others.length > 0 || key.ciphertext.length !== 32) throw new CannotOpen();
  return key.ciphertext;
}

/** @throws CannotOpen, also for an `alg` that nobody here knows */
export async function openCapsule(
  capsule: Uint8Array,
  header: MessageHeader,
  keys: OpeningKeys,
  openers: readonly PacketOpener[] = [],
): Promise<RecordKeys> {
  const { alg, packet } = readCapsule(capsule);
  const binder = binderOf(header);
  const opener = openers.find((one) => one.alg === alg);
  const secret = alg === HPKE_ALG ? await openHpke(packet, binder, keys) : await opener?.open(packet, binder, keys);
  if (secret?.length !== 64) throw new CannotOpen();
  return { dataKey: secret.subarray(0, 32), salt: secret.subarray(32) };
}

/** A random capsule for another person's X25519 key: how a record is shared. */
export async function makeCapsule(recipient: Uint8Array, binder: Uint8Array, keys: RecordKeys): Promise<Uint8Array> {
  const packet = await hpke.seal(recipient, INFO, binder, concat(keys.dataKey, keys.salt));
  return encode({ v: 1, alg: HPKE_ALG, ...packet });
}

async function openHpke(
  packet: Record<string, Uint8Array>,
  binder: Uint8Array,
  keys: OpeningKeys,
): Promise<Uint8Array> {
  const { enc, ct, ...others } = packet;
  if (!enc || !ct || Object.keys(others).length > 0 || !keys.x25519Private) throw new CannotOpen();
  return hpke.open(keys.x25519Private, INFO, binder, { enc, ct });
}

function readCapsule(bytes: Uint8Array): { alg: string; packet: Record<string, Uint8Array> } {
  let value: unknown;
  try {
    value = decode(bytes);
    if (toHex(encode(value)) !== toHex(bytes)) throw new CannotOpen();
  } catch {
    throw new CannotOpen();
  }
  if (typeof value !== 'object' || value === null) throw new CannotOpen();
  const { v, alg, ...packet } = value as Record<string, unknown>;
  const formed = Object.values(packet).every((field) => field instanceof Uint8Array);
  if (v !== 1 || typeof alg !== 'string' || !formed) throw new CannotOpen();
  return { alg, packet: packet as Record<string, Uint8Array> };
}
