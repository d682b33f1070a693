/** A JSON list that is written as it grows and appears under its name when it is whole. */
import { closeSync, openSync, renameSync, writeFileSync } from 'node:fs';

/** Written at once: a system call for each item would cost more than the item. */
const BLOCK = 1 << 20;

export interface ListForm {
  readonly head: string;
  readonly tail: string;
  /** The whole file where it has no items. */
  readonly empty: string;
}

export class ListFile {
  readonly #path: string;
  readonly #form: ListForm;
  readonly #file: number;
  #waiting: Uint8Array[] = [];
  #size = 0;
  #count = 0;

  constructor(path: string, form: ListForm) {
    this.#path = path;
    this.#form = form;
    this.#file = openSync(`${path}.part`, 'w');
  }

  push(item: Uint8Array): void {
    this.#write(Buffer.from(this.#count === 0 ? this.#form.head : ',\n'));
    this.#write(item);
    this.#count += 1;
    if (this.#size >= BLOCK) this.#flush();
  }

  end(): void {
    this.#write(Buffer.from(this.#count === 0 ? this.#form.empty : this.#form.tail));
    this.#flush();
    closeSync(this.#file);
    renameSync(`${this.#path}.part`, this.#path);
  }

  #write(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#size += bytes.length;
  }

  #flush(): void {
    writeFileSync(this.#file, Buffer.concat(this.#waiting));
    this.#waiting = [];
    this.#size = 0;
  }
}
