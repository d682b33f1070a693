/** Header of an instance that is read as a stream: 64 KiB first, then more while the header asks for it. */
import { BridgeError } from '../errors.ts';
import { type DicomHeader, readHeader } from './header.ts';

/** Longest header that is looked at; a private element of this size before the UIDs is no sane file. */
export const MAX_HEADER = 16 * 1024 * 1024;
export const PREFIXES = [64 * 1024, 1024 * 1024, MAX_HEADER] as const;

/**
 * Reads no further than the header needs; the stream is closed then.
 * @throws BridgeError as `readHeader`, and `source.too-large` when the header does not end within 16 MiB
 */
export async function readHeaderOf(
  stream: AsyncIterable<Uint8Array>,
  options: { assumedCharset?: string } = {},
): Promise<DicomHeader> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let next = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size < PREFIXES[next]!) continue;
    const header = readHeader(Buffer.concat(chunks), { ...options, complete: false });
    if (header) return header;
    while (next < PREFIXES.length && size >= PREFIXES[next]!) next++;
    if (next === PREFIXES.length) throw headerTooLong();
  }
  return readHeader(Buffer.concat(chunks), { ...options, complete: true })!;
}

export function headerTooLong(): BridgeError {
  return new BridgeError('source.too-large', 'the header does not end within 16 MiB');
}
