/** Seals a record for its patient, and opens it (docs/architecture.md, "Formats (1)"). */
import { hmac } from '../../core/crypto/hmac.ts';
import { type MessageHeader, openMessageSync, readHeader, sealMessage } from '../../core/crypto/message.ts';
import { cannotOpen, cannotSeal } from '../../core/crypto/refusal.ts';
import type { OpeningKeys, PatientKeys } from '../../core/keystore/keystore.ts';
import { EDK_INFO, EDK_PROVIDER, makeCapsule, openCapsule, type RecordKeys } from './capsule.ts';
import { type RecordPlace, recordSecrets } from './derive.ts';
import { type PacketName, packetFor } from './key-packet.ts';
import { TAG_BYTES } from './tag.ts';

const FORMAT = '1';
const MAX_ID_BYTES = 128;

export interface RecordInput extends RecordPlace {
  readonly patient: PatientKeys;
  /** Canonical bytes of the bundle. */
  readonly bundle: Uint8Array;
  /** Kind of the key packet where the patient has such a key; default `hpke`. */
  readonly keyPacket?: PacketName;
}

export interface SealedBytes {
  /** C1 */
  readonly content: Uint8Array;
  /** C2, dag-cbor */
  readonly capsule: Uint8Array;
  /** 32 bytes */
  readonly commitment: Uint8Array;
  /** 32 bytes, for the record's parts; never written. */
  readonly dataKey: Uint8Array;
}

export interface OpenedRecord extends RecordKeys {
  /** Canonical bytes of the bundle, authenticated. */
  readonly bundle: Uint8Array;
  /** To be compared with the one that was anchored. */
  readonly commitment: Uint8Array;
  readonly hospital: string;
  /** 16 bytes, to be compared with the one that was anchored. */
  readonly tag: Uint8Array;
}

/** The same input gives the same bytes, but for the capsule where its scheme is random. @throws BridgeError `seal.failed` for input that the format cannot hold */
export function sealRecord(input: RecordInput): SealedBytes {
  if (input.tag.length !== TAG_BYTES) throw cannotSeal('a tag has 16 bytes');
  for (const id of [input.hospital, input.itemId]) {
    if (Buffer.byteLength(id) > MAX_ID_BYTES) throw cannotSeal('the id of a hospital or an item has at most 128 bytes');
  }
  const { patient, bundle } = input;
  const { dataKey, messageId, binder, salt, packetSeed } = recordSecrets(patient.sealKey, input, bundle);
  const content = sealMessage({
    dataKey,
    messageId,
    context: recordContext(input.hospital, input.tag),
    edks: [{ provider: EDK_PROVIDER, info: Buffer.from(EDK_INFO), ciphertext: binder }],
    plaintext: bundle,
  });
  const { packet, recipient } = packetFor(input.keyPacket ?? 'hpke', patient);
  const capsule = makeCapsule(recipient, binder, { dataKey, salt }, packetSeed, packet);
  return { content, capsule, commitment: commitmentOf(salt, bundle), dataKey };
}

/**
 * Opens a record with the keys of the person for whom the capsule was made.
 * @param input `privateKey` keys of one or several kinds; bare bytes are an X25519 private key
 * @throws BridgeError `seal.open`
 */
export function openRecord(input: {
  content: Uint8Array;
  capsule: Uint8Array;
  privateKey: Uint8Array | OpeningKeys;
}): OpenedRecord {
  return openContent(input.content, openCapsule(input.capsule, readHeader(input.content), input.privateKey));
}

/** Opens a record whose secret is at hand, from whatever packet it came. @throws BridgeError `seal.open` */
export function openContent(content: Uint8Array, keys: RecordKeys): OpenedRecord {
  const header = readHeader(content);
  const bundle = openMessageSync(content, keys.dataKey, header);
  return { ...keys, ...readContext(header), bundle, commitment: commitmentOf(keys.salt, bundle) };
}

/** What the header of a record's content says of it. @throws BridgeError `seal.open` */
export function readContext({ context }: MessageHeader): { hospital: string; tag: Uint8Array } {
  const { 'dhc:format': format, 'dhc:hospital': hospital, 'dhc:tag': tag } = context;
  if (format !== FORMAT || hospital === undefined || !/^[0-9a-f]{32}$/.test(tag ?? '')) throw cannotOpen();
  return { hospital, tag: new Uint8Array(Buffer.from(tag!, 'hex')) };
}

export function recordContext(hospital: string, tag: Uint8Array): Record<string, string> {
  return { 'dhc:format': FORMAT, 'dhc:hospital': hospital, 'dhc:tag': Buffer.from(tag).toString('hex') };
}

/** HMAC-SHA256, 32 bytes: binding, and silent on the content for everyone without the salt. */
export function commitmentOf(salt: Uint8Array, bundle: Uint8Array): Uint8Array {
  return hmac('sha256', salt, bundle);
}
