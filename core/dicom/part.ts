/** What the normaliser sees of an instance: its first bytes as far as the header needs them, and the digest of all. */
import { createHash } from 'node:crypto';
import { readHeader } from './header.ts';
import { PREFIXES } from './prefix.ts';

export interface PartDigest {
  /** From the start to at least the end of the header; shorter only where the instance is. */
  readonly bytes: Uint8Array;
  readonly size: number;
  /** Of the whole instance, hex. */
  readonly sha256: string;
}

/** Reads the whole stream; memory is that of the header. */
export async function digestPart(stream: AsyncIterable<Uint8Array>): Promise<PartDigest> {
  const digest = createHash('sha256');
  const prefix = new HeaderPrefix();
  let size = 0;
  for await (const chunk of stream) {
    digest.update(chunk);
    size += chunk.length;
    prefix.push(chunk);
  }
  return { bytes: prefix.bytes(), size, sha256: digest.digest('hex') };
}

/** Reads no further than the header needs; the normaliser refuses what cannot be read. */
export async function headerBytes(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const prefix = new HeaderPrefix();
  for await (const chunk of stream) if (prefix.push(chunk)) break;
  return prefix.bytes();
}

/** Collects chunks until they hold the header, at most 16 MiB. */
class HeaderPrefix {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;
  #step = 0;
  #whole = false;

  /** @returns true when nothing more is needed */
  push(chunk: Uint8Array): boolean {
    if (this.#whole) return true;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < PREFIXES[this.#step]!) return false;
    while (this.#step < PREFIXES.length && this.#size >= PREFIXES[this.#step]!) this.#step++;
    this.#whole = this.#step === PREFIXES.length || holdsHeader(this.bytes());
    return this.#whole;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}

function holdsHeader(bytes: Uint8Array): boolean {
  try {
    return readHeader(bytes, { complete: false }) !== null;
  } catch {
    return true;
  }
}
