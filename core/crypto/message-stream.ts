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

/**
 * Seals a source of any size; the bytes are those of `sealMessage` over the whole.
 * The final frame is held until the source has ended well: when it throws, what was yielded opens nowhere.
 */
export async function* sealStream(input: MessageInput, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { frameLength = MAX_FRAME_LENGTH } = input;
  const { header, ...frameKey } = sealHeader({ ...input, frameLength });
  yield header;
  const reader = new ByteReader(source);
  try {
    for (let sequence = 1, final = false; !final; sequence++) {
      const frame = await reader.upTo(frameLength);
      final = await reader.atEnd();
      yield* sealFrame(frameKey, sequence, final, frame);
    }
  } finally {
    await reader.close();
  }
}

/**
 * Opens a message as it arrives. Each piece yielded is one authenticated frame; that the message is whole is
 * known only when the generator ends, so a consumer publishes its result no earlier.
 * @throws BridgeError `seal.open` for anything but exactly one whole message; errors of source and `resolve` are passed on
 */
export async function* openStream(
  source: AsyncIterable<Uint8Array>,
  resolve: ResolveDataKey,
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
