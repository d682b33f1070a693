/** Code maps: a local code → codes of other systems. */
import { halfWidth } from '../../shared/result.ts';

export interface CodeTarget {
  readonly code: string;
  readonly display?: string;
  /** URI; without it the code map's own `system`. */
  readonly system?: string;
}

/** One line of a code map, wherever it was written. */
export interface CodeEntry {
  readonly source: string;
  readonly target: CodeTarget;
  /** Line in its file, from 1. */
  readonly line?: number;
}

export class CodeMap {
  readonly name: string;
  /** System of targets that name none. */
  readonly system: string | undefined;
  /** System under which codes without a mapping are counted. */
  readonly source: string | undefined;
  readonly default: CodeTarget | undefined;
  readonly fold: boolean;
  readonly #targets = new Map<string, CodeTarget[]>();

  constructor(
    name: string,
    entries: readonly CodeEntry[],
    options: {
      readonly system?: string | undefined;
      readonly source?: string | undefined;
      readonly default?: CodeTarget | undefined;
      readonly fold?: boolean;
    } = {},
  ) {
    this.name = name;
    this.system = options.system;
    this.source = options.source;
    this.default = options.default;
    this.fold = options.fold ?? false;
    for (const { source, target } of entries) {
      const key = this.#key(source);
      const known = this.#targets.get(key);
      if (known) known.push(this.#complete(target));
      else this.#targets.set(key, [this.#complete(target)]);
    }
    if (this.default) this.default = this.#complete(this.default);
  }

  get size(): number {
    return this.#targets.size;
  }

  /** @param code trimmed; an exact match comes before one in half-width form */
  targets(code: string): readonly CodeTarget[] | undefined {
    return this.#targets.get(this.#key(code)) ?? this.#targets.get(halfWidth(code));
  }

  has(code: string): boolean {
    return this.targets(code) !== undefined;
  }

  /** Every source code with its targets, in the order of the file. */
  entries(): IterableIterator<[string, CodeTarget[]]> {
    return this.#targets.entries();
  }

  #key(code: string): string {
    return this.fold ? halfWidth(code).toLowerCase() : code;
  }

  #complete(target: CodeTarget): CodeTarget {
    return target.system === undefined && this.system !== undefined ? { ...target, system: this.system } : target;
  }
}
