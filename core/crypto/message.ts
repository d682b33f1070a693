/**
 * Sealed messages: AWS Encryption SDK message format version 2, suite 0x0478 (AES-256-GCM, HKDF-SHA512 with
 * key commitment, no signature), framed. Any SDK of that family opens them.
 *
 * A pair of data key and message id may meet only one content, context, key list and frame length: frame
 * numbers are the nonces. Callers either draw one of the two at random or derive them from all of that.
 */
import {
  FINAL_HEAD,
  FRAME_HEAD,
  openFrame,
  openHeader,
  readFrameHead,
  sealFrame,
  sealHeader,
} from './message-cipher.ts';
import {
  type EncryptedDataKey,
  MAX_FRAME_LENGTH,
  type MessageHeader,
  readHeader,
  TAG_LENGTH,
} from './message-header.ts';
import { cannotOpen } from './refusal.ts';

export { type EncryptedDataKey, MAX_FRAME_LENGTH, type MessageHeader, readHeader } from './message-header.ts';
export { openStream, type StreamOptions, sealStream } from './message-stream.ts';

export interface MessageInput {
  /** 32 bytes */
  readonly dataKey: Uint8Array;
  /** 32 bytes */
  readonly messageId: Uint8Array;
  /** Public and authenticated; names beginning with `aws-crypto-` are reserved. */
  readonly context: Readonly<Record<string, string>>;
  /** At least one. */
  readonly edks: readonly EncryptedDataKey[];
  /** Bytes, at most and by default 1 MiB. */
  readonly frameLength?: number;
}

/** Finds the data key for a header whose content is not yet authenticated. */
export type ResolveDataKey = (header: MessageHeader) => Uint8Array | Promise<Uint8Array>;

/** @throws BridgeError `seal.failed` where the format cannot express the input */
export function sealMessage(input: MessageInput & { readonly plaintext: Uint8Array }): Uint8Array {
  const { plaintext, frameLength = MAX_FRAME_LENGTH } = input;
  const { header, ...frameKey } = sealHeader({ ...input, frameLength });
  const pieces = [header];
  const finalStart = Math.max(0, Math.ceil(plaintext.length / frameLength) - 1) * frameLength;
  for (let start = 0, sequence = 1; start <= finalStart; start += frameLength, sequence++) {
    const frame = plaintext.subarray(start, start + frameLength);
    pieces.push(...sealFrame(frameKey, sequence, start === finalStart, frame));
  }
  return Buffer.concat(pieces);
}

/**
 * @returns the plaintext, only when every byte of the message has been authenticated
 * @throws BridgeError `seal.open`; what `resolve` throws is passed on
 */
export async function openMessage(bytes: Uint8Array, resolve: ResolveDataKey): Promise<Uint8Array> {
  const header = readHeader(bytes);
  return openMessageSync(bytes, await resolve(header), header);
}

/** The same for a data key at hand. @throws BridgeError `seal.open` */
export function openMessageSync(
  bytes: Uint8Array,
  dataKey: Uint8Array,
  header: MessageHeader = readHeader(bytes),
): Uint8Array {
  const frameKey = openHeader(header, dataKey);
  const frames: Uint8Array[] = [];
  for (let at = header.length, sequence = 1, last = false; !last; sequence++) {
    if (at + FRAME_HEAD > bytes.length) throw cannotOpen();
    const head = readFrameHead(bytes.subarray(at, at + FINAL_HEAD), sequence, header.frameLength);
    const start = at + head.headLength;
    at = start + head.contentLength + TAG_LENGTH;
    last = head.final;
    if (at > bytes.length || (last && at !== bytes.length)) throw cannotOpen();
    frames.push(openFrame(frameKey, sequence, last, bytes.subarray(start, at)));
  }
  return frames.length === 1 ? frames[0]! : Buffer.concat(frames);
}
