/** What many receipts of one batch have in common, fetched once. Errors are not kept: the next receipt tries again. */
export class VerifyCache {
  readonly #entries = new Map<string, Promise<unknown>>();
  readonly #size: number;

  /** @param size entries kept; one may hold the manifest of a full batch, about 2 MB */
  constructor(size = 64) {
    this.#size = size;
  }

  get<T>(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key) as Promise<T> | undefined;
    if (known) return known;
    const made = make();
    this.#entries.set(key, made);
    made.catch(() => this.#entries.delete(key));
    if (this.#entries.size > this.#size) this.#entries.delete(this.#entries.keys().next().value!);
    return made;
  }
}
