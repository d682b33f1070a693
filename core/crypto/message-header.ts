/**
 * Header of an AWS Encryption SDK message, format version 2, suite 0x0478.
 *
 * Source: AWS Encryption SDK Specification, data-format/message-header. In order:
 * version (1) · suite (2) · message id (32) · context length (2) and context · key count (2) and keys ·
 * content type (1) · frame length (4) · commitment (32) · authentication tag (16). Integers are big-endian.
 */
import { cannotOpen, cannotSeal } from './refusal.ts';

export const SUITE = 0x0478;
export const MESSAGE_ID_LENGTH = 32;
export const COMMITMENT_LENGTH = 32;
export const TAG_LENGTH = 16;
/** 1 MiB: the largest frame of our formats, and so the memory that a reader needs. */
export const MAX_FRAME_LENGTH = 1 << 20;

const VERSION = 2;
const FRAMED = 2;
/** The specification keeps these names for implementations. */
const RESERVED_PREFIX = 'aws-crypto-';
/** No header of three 16-bit length fields with few keys comes near it; bounds what a stream reader buffers. */
export const MAX_HEADER_LENGTH = 1 << 18;

/** One way to the data key; who can open it is told by the provider. */
export interface EncryptedDataKey {
  readonly provider: string;
  readonly info: Uint8Array;
  readonly ciphertext: Uint8Array;
}

export interface MessageHeader {
  /** 32 bytes, the salt of the key derivation. */
  readonly messageId: Uint8Array;
  /** Public, authenticated. */
  readonly context: Readonly<Record<string, string>>;
  readonly edks: readonly EncryptedDataKey[];
  readonly frameLength: number;
  /** 32 bytes */
  readonly commitment: Uint8Array;
  /** All bytes that the header's tag authenticates. */
  readonly body: Uint8Array;
  /** 16 bytes */
  readonly tag: Uint8Array;
  /** Bytes of the whole header: the first frame starts there. */
  readonly length: number;
}

export type HeaderFields = Pick<MessageHeader, 'messageId' | 'context' | 'edks' | 'frameLength' | 'commitment'>;

/** @returns the header's body: everything but its tag */
export function encodeHeaderBody(header: HeaderFields): Uint8Array {
  if (header.messageId.length !== MESSAGE_ID_LENGTH) throw cannotSeal('a message id has 32 bytes');
  if (!Number.isInteger(header.frameLength) || header.frameLength < 1 || header.frameLength > MAX_FRAME_LENGTH) {
    throw cannotSeal('a frame has between 1 byte and 1 MiB');
  }
  if (header.edks.length === 0) throw cannotSeal('a message needs at least one encrypted data key');
  const context = encodeContext(header.context);
  const keys = header.edks.flatMap((key) => [
    ...short(Buffer.from(key.provider, 'utf8')),
    ...short(key.info),
    ...short(key.ciphertext),
  ]);
  const head = Buffer.alloc(3);
  head.writeUInt8(VERSION);
  head.writeUInt16BE(SUITE, 1);
  const content = Buffer.alloc(5);
  content.writeUInt8(FRAMED);
  content.writeUInt32BE(header.frameLength, 1);
  return Buffer.concat([
    head,
    header.messageId,
    ...short(context),
    count(header.edks.length),
    ...keys,
    content,
    header.commitment,
  ]);
}

/** Pairs sorted by the UTF-8 bytes of their keys; nothing at all, not even a count, for an empty context. */
function encodeContext(context: Readonly<Record<string, string>>): Uint8Array {
  const pairs = Object.entries(context).map(([key, value]) => [Buffer.from(key, 'utf8'), Buffer.from(value, 'utf8')]);
  if (pairs.length === 0) return new Uint8Array(0);
  if (Object.keys(context).some((key) => key.startsWith(RESERVED_PREFIX))) {
    throw cannotSeal('the encryption context uses a reserved name');
  }
  pairs.sort((a, b) => Buffer.compare(a[0]!, b[0]!));
  return Buffer.concat([count(pairs.length), ...pairs.flatMap(([key, value]) => [...short(key!), ...short(value!)])]);
}

function count(value: number): Buffer {
  if (value > 0xffff) throw cannotSeal('a header field is too long');
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function short(bytes: Uint8Array): [Uint8Array, Uint8Array] {
  return [count(bytes.length), bytes];
}

/**
 * Reads a header; nothing in it is authenticated yet.
 * @param bytes the message, or its beginning
 * @throws BridgeError `seal.open`
 */
export function readHeader(bytes: Uint8Array): MessageHeader {
  const header = tryReadHeader(bytes);
  if (header === null) throw cannotOpen();
  return header;
}

/** @returns null where the bytes end within the header */
export function tryReadHeader(bytes: Uint8Array): MessageHeader | null {
  try {
    return parse(new Reader(bytes));
  } catch (error) {
    if (error instanceof EndOfBytes) return null;
    throw error;
  }
}

function parse(reader: Reader): MessageHeader {
  if (reader.uint8() !== VERSION || reader.uint16() !== SUITE) throw cannotOpen();
  const messageId = reader.take(MESSAGE_ID_LENGTH);
  const context = parseContext(reader.short());
  const edks = Array.from({ length: reader.uint16() }, () => ({
    provider: text(reader.short()),
    info: reader.short(),
    ciphertext: reader.short(),
  }));
  if (edks.length === 0 || reader.uint8() !== FRAMED) throw cannotOpen();
  const frameLength = reader.uint32();
  if (frameLength < 1 || frameLength > MAX_FRAME_LENGTH) throw cannotOpen();
  const commitment = reader.take(COMMITMENT_LENGTH);
  const body = reader.seen();
  const tag = reader.take(TAG_LENGTH);
  return { messageId, context, edks, frameLength, commitment, body, tag, length: reader.seen().length };
}

function parseContext(bytes: Uint8Array): Record<string, string> {
  const pairs: [string, string][] = [];
  if (bytes.length > 0) {
    const reader = new Reader(bytes);
    try {
      for (let left = reader.uint16(); left > 0; left--) pairs.push([text(reader.short()), text(reader.short())]);
    } catch {
      throw cannotOpen();
    }
    if (pairs.length === 0 || reader.seen().length !== bytes.length) throw cannotOpen();
  }
  const context = Object.fromEntries(pairs);
  if (Object.keys(context).length !== pairs.length) throw cannotOpen();
  return context;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function text(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw cannotOpen();
  }
}

class EndOfBytes extends Error {}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(length: number): Uint8Array {
    const start = this.#at;
    if (start + length > this.#bytes.length) throw new EndOfBytes();
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  uint8(): number {
    return this.take(1)[0]!;
  }

  uint16(): number {
    this.take(2);
    return this.#view.getUint16(this.#at - 2);
  }

  uint32(): number {
    this.take(4);
    return this.#view.getUint32(this.#at - 4);
  }

  /** Bytes preceded by their length as uint16. */
  short(): Uint8Array {
    return this.take(this.uint16());
  }

  seen(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }
}
