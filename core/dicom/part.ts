/** What a normaliser may see of one SOP instance: the bytes before the pixels, and the digest of all of it. */
import { createHash } from 'node:crypto';
import { BridgeError } from '../errors.ts';
import { type DicomHeader, readHeader } from './header.ts';
import { PREFIXES } from './prefix.ts';

export interface HeaderAndDigest {
  /** The file up to where `readHeader` stops; it reads these bytes with `complete: true`. */
  readonly bytes: Uint8Array;
  readonly size: number;
  /** SHA-256 of the whole instance, hex. */
  readonly sha256: string;
}

/**
 * Reads the stream to its end and keeps only its beginning. An instance whose header cannot be read keeps its first
 * 64 KiB: it is the normaliser that refuses it.
 * @throws what the stream throws
 */
export async function partHeader(stream: AsyncIterable<Uint8Array>): Promise<HeaderAndDigest> {
  const hash = createHash('sha256');
  let chunks: Uint8Array[] = [];
  let kept: Uint8Array | null = null;
  let size = 0;
  let next = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    size += chunk.length;
    if (kept) continue;
    chunks.push(chunk);
    if (size < PREFIXES[next]!) continue;
    while (next < PREFIXES.length && size >= PREFIXES[next]!) next++;
    kept = cut(Buffer.concat(chunks), false, next === PREFIXES.length);
    if (kept) chunks = [];
  }
  return { bytes: kept ?? cut(Buffer.concat(chunks), true, true)!, size, sha256: hash.digest('hex') };
}

/** @returns null when more bytes are needed and there is `last` no end to waiting */
function cut(bytes: Uint8Array, complete: boolean, last: boolean): Uint8Array | null {
  let header: DicomHeader | null;
  try {
    header = readHeader(bytes, { complete });
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    return bytes.slice(0, PREFIXES[0]);
  }
  if (header) return header.deflated ? bytes : bytes.slice(0, header.end);
  return last ? bytes.slice(0, PREFIXES[0]) : null;
}
