/** Collects what is written into blocks: a system call for each item would cost more than the item. */
import { writeFileSync } from 'node:fs';

const BLOCK_BYTES = 1 << 20;

/** Blocks that no file uses any more. Files are written one after another, each of a few kinds at once. */
const free: Buffer[] = [];

export class BlockWriter {
  readonly #file: number;
  #block = free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #size = 0;

  /** @param file its descriptor; stays open */
  constructor(file: number) {
    this.#file = file;
  }

  /** The bytes are copied, or written at once where they fill a block by themselves. */
  write(bytes: Uint8Array): void {
    if (this.#size + bytes.length > BLOCK_BYTES) this.flush();
    if (bytes.length > BLOCK_BYTES) writeFileSync(this.#file, bytes);
    else {
      this.#block.set(bytes, this.#size);
      this.#size += bytes.length;
    }
  }

  /** In UTF-8. */
  writeText(text: string): void {
    const most = text.length * 3;
    if (this.#size + most > BLOCK_BYTES) this.flush();
    if (most > BLOCK_BYTES) this.write(Buffer.from(text));
    else this.#size += this.#block.write(text, this.#size);
  }

  flush(): void {
    if (this.#size > 0) writeFileSync(this.#file, this.#block.subarray(0, this.#size));
    this.#size = 0;
  }

  /** Nothing is written after it. */
  end(): void {
    this.flush();
    free.push(this.#block);
  }
}
