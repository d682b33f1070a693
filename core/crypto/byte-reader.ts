import { cannotOpen } from './refusal.ts';

/**
 * Reads a chunked source by exact lengths. Holds what was asked for and one chunk in memory of its own, so that a source
 * may use a chunk's memory again when the next one is asked for. What a method returns is good until the next call.
 */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #memory = new Uint8Array(0);
  /** The unread bytes in it. */
  #start = 0;
  #end = 0;
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next bytes without moving on; fewer only at the end of the source. */
  async peek(length: number): Promise<Uint8Array> {
    await this.#fill(length);
    return this.#memory.subarray(this.#start, Math.min(this.#start + length, this.#end));
  }

  /** @throws BridgeError `seal.open` when the source ends before */
  async exactly(length: number): Promise<Uint8Array> {
    const bytes = await this.peek(length);
    if (bytes.length < length) throw cannotOpen();
    this.skip(length);
    return bytes;
  }

  /** Moves on over bytes that were peeked at. */
  skip(length: number): void {
    this.#start += length;
  }

  async atEnd(): Promise<boolean> {
    await this.#fill(1);
    return this.#start === this.#end;
  }

  /** Lets the source release what it holds; to be called also when reading stopped early. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#source.return?.();
    this.#ended = true;
  }

  async #fill(length: number): Promise<void> {
    while (this.#end - this.#start < length && !this.#ended) {
      const { done, value } = await this.#next();
      if (done === true) this.#ended = true;
      else this.#append(value, length);
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

  /** @param wanted bytes that are asked for, which the memory is to hold beside a chunk */
  #append(chunk: Uint8Array, wanted: number): void {
    if (this.#end + chunk.length > this.#memory.length)
      this.#makeRoom(Math.max(wanted, this.#end - this.#start) + chunk.length);
    this.#memory.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #makeRoom(length: number): void {
    const unread = this.#memory.subarray(this.#start, this.#end);
    if (length > this.#memory.length) this.#memory = new Uint8Array(length);
    this.#memory.set(unread, 0);
    [this.#start, this.#end] = [0, unread.length];
  }
}
