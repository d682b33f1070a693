import { cannotOpen } from './refusal.ts';

/** Reads a chunked source by exact lengths. Holds what was asked for and one chunk, no more. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next bytes without moving on; fewer only at the end of the source. */
  async peek(length: number): Promise<Uint8Array> {
    await this.#fill(length);
    if (this.#chunks.length > 1 && this.#chunks[0]!.length < length) {
      this.#chunks = [Buffer.concat(this.#chunks, this.#length)];
    }
    return (this.#chunks[0] ?? new Uint8Array(0)).subarray(0, length);
  }

  /** The next bytes; fewer only at the end of the source. */
  async upTo(length: number): Promise<Uint8Array> {
    await this.#fill(length);
    return this.#take(Math.min(length, this.#length));
  }

  /** @throws BridgeError `seal.open` when the source ends before */
  async exactly(length: number): Promise<Uint8Array> {
    await this.#fill(length);
    if (this.#length < length) throw cannotOpen();
    return this.#take(length);
  }

  async atEnd(): Promise<boolean> {
    await this.#fill(1);
    return this.#length === 0;
  }

  /** Lets the source release what it holds; to be called also when reading stopped early. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#source.return?.();
    this.#ended = true;
  }

  async #fill(length: number): Promise<void> {
    while (this.#length < length && !this.#ended) {
      const { done, value } = await this.#next();
      if (done === true) this.#ended = true;
      else if (value.length > 0) {
        this.#chunks.push(value);
        this.#length += value.length;
      }
    }
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await this.#source.next();
    } catch (error) {
      this.#ended = true;
      throw error;
    }
  }

  /** Copies only where the bytes lie in more than one chunk. */
  #take(length: number): Uint8Array {
    const first = this.#chunks[0];
    this.#length -= length;
    if (first !== undefined && first.length >= length) {
      if (first.length === length) this.#chunks.shift();
      else this.#chunks[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    const taken = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; ) {
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(0, length - at);
      taken.set(part, at);
      at += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    return taken;
  }
}
