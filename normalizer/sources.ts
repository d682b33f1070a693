/** Keeps account of what of the source was read. Places, never values. */
import type { Coverage, Trace } from '../core/types.ts';

/** A source that keeps account of its places itself: they are named only where they were left. */
export interface Counted {
  count(tally: Tally): void;
}

/** Told of each populated place once. */
export interface Tally {
  /** @param places read at once */
  mapped(places: number): void;
  /** @param general without the numbers of repetitions */
  left(general: string): void;
}

export class SourceTracker {
  readonly #counted: Counted[] = [];
  readonly #seen = new Set<string>();
  readonly #used = new Set<string>();
  readonly #unmapped = new Map<string, number>();
  readonly #trace: Trace[] | null;
  #element: string | undefined;
  #rule = '';

  constructor(trace: boolean) {
    this.#trace = trace ? [] : null;
  }

  /**
   * A populated place of the source. Places are exact and tell repetitions apart by `[n]`
   * (`OBX[3]-5[1].2`, `/ClinicalDocument/component[2]/…`); the report counts them without `[n]`.
   */
  seen(place: string): void {
    this.#seen.add(place);
  }

  /** All its populated places are seen; it knows by itself which of them are read. */
  account(counted: Counted): void {
    this.#counted.push(counted);
  }

  get isTracing(): boolean {
    return this.#trace !== null;
  }

  /** A place that a rule read; with element and rule it enters the trace. Unseen places do not count. */
  used(place: string, element?: string, rule?: string): void {
    this.#used.add(place);
    if (!this.#trace) return;
    if (element !== undefined) this.#trace.push({ element, source: place, rule: rule ?? '' });
    else if (this.#element !== undefined) this.#attribute(this.#element, place);
  }

  /** From now on, places that are read without naming an element enter the trace with this one. */
  readFor(element: string, rule: string): void {
    this.#element = element;
    this.#rule = rule;
  }

  /** A rule may read a place several times. */
  #attribute(element: string, source: string): void {
    const rule = this.#rule;
    const known = this.#trace!.some((one) => one.element === element && one.source === source && one.rule === rule);
    if (!known) this.#trace!.push({ element, source, rule });
  }

  unmappedCode(system: string, code: string): void {
    const key = `${system}|${code}`;
    this.#unmapped.set(key, (this.#unmapped.get(key) ?? 0) + 1);
  }

  coverage(): Coverage {
    const left = new Map<string, number>();
    let [seen, mapped] = [0, 0];
    const tally: Tally = {
      mapped(places) {
        seen += places;
        mapped += places;
      },
      left(general) {
        seen += 1;
        left.set(general, (left.get(general) ?? 0) + 1);
      },
    };
    for (const place of this.#seen) {
      if (this.#used.has(place)) tally.mapped(1);
      else tally.left(place.replaceAll(/\[\d+\]/g, ''));
    }
    for (const counted of this.#counted) counted.count(tally);
    return { seen, mapped, left: sorted(left), unmappedCodes: sorted(this.#unmapped) };
  }

  trace(): readonly Trace[] | undefined {
    return this.#trace ?? undefined;
  }
}

/** By UTF-16 code unit. */
function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  if (counts.size < 2) return Object.fromEntries(counts);
  return Object.fromEntries([...counts.keys()].sort().map((name) => [name, counts.get(name)!]));
}
