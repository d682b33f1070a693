/** The same messages as streams: memory is bounded by one frame and one chunk of the source. */
import { ByteReader } from './byte-reader.ts';
import type { MessageInput, ResolveDataKey } from './message.ts';
import {
  FINAL_HEAD,
  FINAL_MARK,
  FRAME_HEAD,
  openFrame,
  openHeader,
  readFrameHead,
  sealFrame,
  sealHeader,
} from './message-cipher.ts';
import {
  MAX_FRAME_LENGTH,
  MAX_HEADER_LENGTH,
  type MessageHeader,
  TAG_LENGTH,
  tryReadHeader,
} from './message-header.ts';
import { cannotOpen } from './refusal.ts';

export interface StreamOptions {
  /** The consumer is done with each piece when it asks for the next one: a frame's memory is given back at once. */
  readonly lend?: boolean;
}

/**
 * Seals a source of any size; the bytes are those of `sealMessage` over the whole.
 * The final frame is held until the source has ended well: when it throws, what was yielded opens nowhere.
 */
export async function* sealStream(
  input: MessageInput,
  source: AsyncIterable<Uint8Array>,
  { lend = false }: StreamOptions = {},
): AsyncGenerator<Uint8Array> {
  const { frameLength = MAX_FRAME_LENGTH } = input;
  const { header, ...frameKey } = sealHeader({ ...input, frameLength });
  yield header;
  const reader = new ByteReader(source);
  try {
    for (let sequence = 1, final = false; !final; sequence++) {
      const ahead = await reader.peek(frameLength + 1);
      final = ahead.length <= frameLength;
      const frame = ahead.subarray(0, frameLength);
      const [head, ciphertext, tag] = sealFrame(frameKey, sequence, final, frame);
      reader.skip(frame.length);
      yield head;
      yield ciphertext;
      if (lend) release(ciphertext);
      yield tag;
    }
  } finally {
    await reader.close();
  }
}

/**
 * Gives memory back that nobody else has; the collector, which sees only the small object in front of it, would let
 * tens of frames pile up.
 */
function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

/**
 * Opens a message as it arrives. Each piece yielded is one authenticated frame; that the message is whole is
 * known only when the generator ends, so a consumer publishes its result no earlier.
 * @throws BridgeError `seal.open` for anything but exactly one whole message; errors of source and `resolve` are passed on
 */
export async function* openStream(
  source: AsyncIterable<Uint8Array>,
  resolve: ResolveDataKey,
  { lend = false }: StreamOptions = {},
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source);
  try {
    const header = await takeHeader(reader);
    const frameKey = openHeader(header, await resolve(header));
    for (let sequence = 1, final = false; !final; sequence++) {
      const head = readFrameHead(await peekFrameHead(reader), sequence, header.frameLength);
      await reader.exactly(head.headLength);
      final = head.final;
      const sealed = await reader.exactly(head.contentLength + TAG_LENGTH);
      const plaintext = openFrame(frameKey, sequence, final, sealed);
      if (final && !(await reader.atEnd())) throw cannotOpen();
      yield plaintext;
      if (lend) release(plaintext);
    }
  } finally {
    await reader.close();
  }
}

async function takeHeader(reader: ByteReader): Promise<MessageHeader> {
  for (let length = 1024; ; length *= 4) {
    const bytes = await reader.peek(length);
    const header = tryReadHeader(bytes);
    if (header !== null) {
      // Its fields point into the reader's buffer, which moves on.
      const own = tryReadHeader(Uint8Array.from(await reader.exactly(header.length)));
      return own!;
    }
    if (bytes.length < length || length > MAX_HEADER_LENGTH) throw cannotOpen();
  }
}

async function peekFrameHead(reader: ByteReader): Promise<Uint8Array> {
  const bytes = await reader.peek(FRAME_HEAD);
  if (bytes.length < FRAME_HEAD) throw cannotOpen();
  const mark = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return mark === FINAL_MARK ? reader.peek(FINAL_HEAD) : bytes;
}
