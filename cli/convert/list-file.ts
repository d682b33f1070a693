/** A JSON list that is written as it grows and appears under its name when it is whole. */
import { closeSync, openSync, renameSync } from 'node:fs';
import { BlockWriter } from './block.ts';

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
  readonly #blocks: BlockWriter;
  #count = 0;

  constructor(path: string, form: ListForm) {
    this.#path = path;
    this.#form = form;
    this.#file = openSync(`${path}.part`, 'w');
    this.#blocks = new BlockWriter(this.#file);
  }

  /** @param item JSON, as text or in UTF-8 */
  push(item: Uint8Array | string): void {
    this.#blocks.writeText(this.#count === 0 ? this.#form.head : ',\n');
    if (typeof item === 'string') this.#blocks.writeText(item);
    else this.#blocks.write(item);
    this.#count += 1;
  }

  end(): void {
    this.#blocks.writeText(this.#count === 0 ? this.#form.empty : this.#form.tail);
    this.#blocks.end();
    closeSync(this.#file);
    renameSync(`${this.#path}.part`, this.#path);
  }
}
