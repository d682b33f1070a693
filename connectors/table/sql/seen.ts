/** Digests of the rows that the next page or round will meet again. Bounded: the oldest are let go first. */
import { type Group, keepFrom, type Walk } from './cursor.ts';
import { compare, groupOf, minus, type Scale, SLACK_MS } from './scale.ts';

/** Rows whose digest was let go are handed over again and recognised by their item id. */
export const MOST_DIGESTS = 5000;

export class Seen {
  readonly #scale: Scale;
  readonly #walk: Walk;
  readonly #groups: Group[];
  /** Of this round. */
  readonly #own: Set<string>;
  readonly #recent: ReadonlySet<string>;
  #newest: string | null;
  #count: number;

  constructor(scale: Scale, walk: Walk, recent: readonly string[]) {
    this.#scale = scale;
    this.#walk = walk;
    this.#groups = walk.seen.map((group) => [...group]);
    this.#newest = walk.newest;
    this.#own = new Set(this.#groups.flatMap(([, ...digests]) => digests));
    this.#count = this.#own.size;
    this.#recent = new Set(recent);
  }

  has(digest: string): boolean {
    return this.#own.has(digest) || this.#recent.has(digest);
  }

  /** Notes a row, in the order of the walk. @param at its watermark */
  add(at: string, digest: string): void {
    const scale = this.#scale;
    if (scale.kind !== 'none' && (this.#newest === null || compare(scale, at, this.#newest) > 0)) this.#newest = at;
    if (this.#own.has(digest)) return;
    this.#own.add(digest);
    const name = scale.kind === 'none' ? '' : groupOf(scale, at);
    const last = this.#groups.at(-1);
    if (last?.[0] !== name) this.#groups.push([name, digest]);
    else last.push(digest);
    this.#count++;
    this.#prune(at);
  }

  walk(after: readonly string[] | null): Walk {
    return { ...this.#walk, after, newest: this.#newest, seen: this.#groups };
  }

  #prune(at: string): void {
    const scale = this.#scale;
    while (scale.kind !== 'none' && this.#groups.length > 1) {
      const keep = keepFrom(this.#walk, at, scale);
      const slack = scale.kind === 'time' ? minus(scale, keep, SLACK_MS) : keep;
      if (compare(scale, this.#groups[0]![0], groupOf(scale, slack)) >= 0) break;
      const [, ...gone] = this.#groups.shift()!;
      this.#forget(gone);
    }
    while (this.#count > MOST_DIGESTS) {
      const [first] = this.#groups;
      this.#forget(first!.splice(1, 1));
      if (first!.length === 1) this.#groups.shift();
    }
  }

  #forget(digests: readonly string[]): void {
    for (const digest of digests) this.#own.delete(digest);
    this.#count -= digests.length;
  }
}
