/** Opens AWS Encryption SDK messages, format version 2, suite 0x0478 (docs/architecture.md, "C1"). */
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { type MessageHeader, readHeader as read } from '../core/crypto/message-header.ts';
import { type AesKey, importAes, openAes } from './aes.ts';
import { concat, equal, uint16, uint32, uint64, utf8 } from './bytes.ts';
import { CannotOpen } from './refusal.ts';

export type { MessageHeader } from '../core/crypto/message-header.ts';

const SUITE = 0x0478;
const IV_LENGTH = 12;
const TAG_LENGTH = 16;
const FINAL_MARK = 0xffff_ffff;
const FRAME_HEAD = 4 + IV_LENGTH;
const FINAL_HEAD = 8 + IV_LENGTH + 4;
const FRAME_LABEL = utf8('AWSKMSEncryptionClient Frame');
const FINAL_LABEL = utf8('AWSKMSEncryptionClient Final Frame');

/** Nothing in it is authenticated yet. @throws CannotOpen */
export function readHeader(bytes: Uint8Array): MessageHeader {
  try {
    return read(bytes);
  } catch {
    throw new CannotOpen();
  }
}

/** @returns the plaintext, when every byte has been authenticated. @throws CannotOpen */
export async function openMessage(bytes: Uint8Array, dataKey: Uint8Array): Promise<Uint8Array> {
  const header = readHeader(bytes);
  const key = await openHeader(header, dataKey);
  const frames: Uint8Array[] = [];
  for (let at = header.length, sequence = 1, final = false; !final; sequence++) {
    const head = frameHead(bytes, at, sequence, header.frameLength);
    const start = at + head.length;
    at = start + head.content + TAG_LENGTH;
    final = head.final;
    if (at > bytes.length || (final && at !== bytes.length)) throw new CannotOpen();
    const label = final ? FINAL_LABEL : FRAME_LABEL;
    const aad = concat(header.messageId, label, uint32(sequence), uint64(BigInt(head.content)));
    frames.push(await openAes(key, iv(sequence), aad, bytes.subarray(start, at)));
  }
  return frames.length === 1 ? frames[0]! : concat(...frames);
}

async function openHeader(header: MessageHeader, dataKey: Uint8Array): Promise<AesKey> {
  if (dataKey.length !== 32) throw new CannotOpen();
  const derived = (info: Uint8Array) => hkdf(sha512, dataKey, header.messageId, info, 32);
  if (!equal(derived(utf8('COMMITKEY')), header.commitment)) throw new CannotOpen();
  const key = await importAes(derived(concat(uint16(SUITE), utf8('DERIVEKEY'))));
  await openAes(key, new Uint8Array(IV_LENGTH), header.body, header.tag);
  return key;
}

function frameHead(bytes: Uint8Array, at: number, sequence: number, frameLength: number) {
  if (at + FRAME_HEAD > bytes.length || sequence >= FINAL_MARK) throw new CannotOpen();
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
  const final = view.getUint32(0) === FINAL_MARK;
  const length = final ? FINAL_HEAD : FRAME_HEAD;
  if (at + length > bytes.length) throw new CannotOpen();
  const content = final ? view.getUint32(FINAL_HEAD - 4) : frameLength;
  const place = concat(uint32(sequence), iv(sequence));
  const expected = final ? concat(uint32(FINAL_MARK), place, uint32(content)) : place;
  if (content > frameLength || !equal(expected, bytes.subarray(at, at + length))) throw new CannotOpen();
  return { final, length, content };
}

function iv(sequence: number): Uint8Array {
  return concat(new Uint8Array(IV_LENGTH - 4), uint32(sequence));
}
