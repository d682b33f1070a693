/**
 * Keys, header tag and frames of suite 0x0478.
 *
 * Source: AWS Encryption SDK Specification, framework/algorithm-suites, data-format/message-body and
 * message-body-aad. AES-256-GCM; key and commitment by HKDF-SHA512 over the data key, salted with the message id.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { hkdfExpand, hkdfExtract } from './hkdf.ts';
import { encodeHeaderBody, type HeaderFields, type MessageHeader, SUITE, TAG_LENGTH } from './message-header.ts';
import { cannotOpen, cannotSeal } from './refusal.ts';

const CIPHER = 'aes-256-gcm';
const DATA_KEY_LENGTH = 32;
const IV_LENGTH = 12;
/** Sequence number that only announces the final frame. */
export const FINAL_MARK = 0xffff_ffff;
/** sequence number (4) · IV (12) */
export const FRAME_HEAD = 16;
/** mark (4) · sequence number (4) · IV (12) · content length (4) */
export const FINAL_HEAD = 24;

const KEY_INFO = Buffer.concat([Buffer.from([SUITE >> 8, SUITE & 0xff]), Buffer.from('DERIVEKEY')]);
const COMMIT_INFO = Buffer.from('COMMITKEY');
const FRAME_LABEL = Buffer.from('AWSKMSEncryptionClient Frame');
const FINAL_LABEL = Buffer.from('AWSKMSEncryptionClient Final Frame');
const ZERO_IV = Buffer.alloc(IV_LENGTH);

/** What sealing or opening the frames of one message needs. */
export interface FrameKey {
  readonly key: KeyObject;
  readonly messageId: Uint8Array;
}

/** @returns the whole header, tag included, and the key for the frames */
export function sealHeader(
  input: Omit<HeaderFields, 'commitment'> & { readonly dataKey: Uint8Array },
): FrameKey & { readonly header: Uint8Array } {
  if (input.dataKey.length !== DATA_KEY_LENGTH) throw cannotSeal('a data key has 32 bytes');
  const { key, commitment } = deriveKeys(input.dataKey, input.messageId);
  const body = encodeHeaderBody({ ...input, commitment });
  const cipher = createCipheriv(CIPHER, key, ZERO_IV).setAAD(body);
  cipher.final();
  return { key, messageId: input.messageId, header: Buffer.concat([body, cipher.getAuthTag()]) };
}

/** Checks commitment and header tag. @throws BridgeError `seal.open` */
export function openHeader(header: MessageHeader, dataKey: Uint8Array): FrameKey {
  if (dataKey.length !== DATA_KEY_LENGTH) throw cannotOpen();
  const { key, commitment } = deriveKeys(dataKey, header.messageId);
  if (!timingSafeEqual(commitment, header.commitment)) throw cannotOpen();
  decrypt(key, ZERO_IV, header.body, new Uint8Array(0), header.tag);
  return { key, messageId: header.messageId };
}

function deriveKeys(dataKey: Uint8Array, messageId: Uint8Array): { key: KeyObject; commitment: Uint8Array } {
  const prk = hkdfExtract('sha512', messageId, dataKey);
  return {
    key: createSecretKey(hkdfExpand('sha512', prk, KEY_INFO, 32)),
    commitment: hkdfExpand('sha512', prk, COMMIT_INFO, 32),
  };
}

/** @returns head, ciphertext and tag of one frame, to be written in this order */
export function sealFrame(
  { key, messageId }: FrameKey,
  sequence: number,
  final: boolean,
  plaintext: Uint8Array,
): [Uint8Array, Uint8Array, Uint8Array] {
  if (sequence >= FINAL_MARK) throw cannotSeal('a message has at most 2^32 - 2 frames');
  const head = frameHead(sequence, final, plaintext.length);
  const cipher = createCipheriv(CIPHER, key, iv(sequence));
  cipher.setAAD(frameAad(messageId, sequence, final, plaintext.length));
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return [head, ciphertext, cipher.getAuthTag()];
}

function frameHead(sequence: number, final: boolean, length: number): Uint8Array {
  const head = Buffer.alloc(final ? FINAL_HEAD : FRAME_HEAD);
  let at = final ? head.writeUInt32BE(FINAL_MARK) : 0;
  at = head.writeUInt32BE(sequence, at);
  head.writeUInt32BE(sequence, at + IV_LENGTH - 4);
  if (final) head.writeUInt32BE(length, at + IV_LENGTH);
  return head;
}

/** Where a frame lies behind its head. */
export interface FrameHead {
  readonly final: boolean;
  readonly headLength: number;
  readonly contentLength: number;
}

/**
 * Reads a frame's head and holds it to the one head that may stand there.
 * @param bytes at least `FRAME_HEAD` bytes, for a final frame `FINAL_HEAD`
 * @throws BridgeError `seal.open`
 */
export function readFrameHead(bytes: Uint8Array, sequence: number, frameLength: number): FrameHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const final = view.getUint32(0) === FINAL_MARK;
  const headLength = final ? FINAL_HEAD : FRAME_HEAD;
  if (sequence >= FINAL_MARK || bytes.length < headLength) throw cannotOpen();
  const contentLength = final ? view.getUint32(FINAL_HEAD - 4) : frameLength;
  const expected = frameHead(sequence, final, contentLength);
  if (contentLength > frameLength || Buffer.compare(expected, bytes.subarray(0, headLength)) !== 0) throw cannotOpen();
  return { final, headLength, contentLength };
}

/** @param sealed ciphertext and tag. @returns plaintext, authenticated. @throws BridgeError `seal.open` */
export function openFrame(
  { key, messageId }: FrameKey,
  sequence: number,
  final: boolean,
  sealed: Uint8Array,
): Uint8Array {
  const length = sealed.length - TAG_LENGTH;
  const aad = frameAad(messageId, sequence, final, length);
  return decrypt(key, iv(sequence), aad, sealed.subarray(0, length), sealed.subarray(length));
}

function iv(sequence: number): Uint8Array {
  const bytes = Buffer.alloc(IV_LENGTH);
  bytes.writeUInt32BE(sequence, IV_LENGTH - 4);
  return bytes;
}

/** message id · label · sequence number (4) · content length (8) */
function frameAad(messageId: Uint8Array, sequence: number, final: boolean, length: number): Uint8Array {
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32BE(sequence);
  numbers.writeUInt32BE(length, 8);
  return Buffer.concat([messageId, final ? FINAL_LABEL : FRAME_LABEL, numbers]);
}

function decrypt(
  key: KeyObject,
  nonce: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
  tag: Uint8Array,
): Uint8Array {
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_LENGTH }).setAAD(aad).setAuthTag(tag);
  const plaintext = decipher.update(ciphertext);
  try {
    decipher.final();
  } catch {
    throw cannotOpen();
  }
  return plaintext;
}
