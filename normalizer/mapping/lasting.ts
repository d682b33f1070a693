/**
 * What rules have made of fields that recur from item to item: practitioners, organizations, places, codes. Never of a patient's
 * own fields: a rule says of itself that it may be remembered. Bounded, and nothing of it is ever written.
 */
import { canonicalJson } from '../../core/json.ts';
import type { NormalizeContext } from '../context.ts';
import { detachedText } from '../shared/detached.ts';
import { Shapes } from './sources/shape.ts';

/** Things of one rule, by the level of the field and its content. */
type Table = Map<string, unknown>;

/** Things kept; then the older half goes with what was not asked for since. */
const MOST = 8192;
/** Characters of a field's content. */
const LONGEST = 256;

/** A rule whose results are kept. A bridge works through its feeds in rows, so the rule holds its table of the last. */
export class Rule {
  of: ReadonlyMap<Rule, Table> | undefined;
  table: Table | undefined;
}

export class Lasting {
  readonly shapes = new Shapes();
  #recent = new Map<Rule, Table>();
  #older = new Map<Rule, Table>();
  #count = 0;

  find(rule: Rule, key: string): unknown {
    if (rule.of !== this.#recent) {
      rule.of = this.#recent;
      rule.table = this.#recent.get(rule);
    }
    const known = rule.table?.get(key);
    if (known !== undefined) return known;
    const old = this.#older.get(rule)?.get(key);
    if (old !== undefined) this.keep(rule, key, old);
    return old;
  }

  /** @param made what holds on to nothing of its item */
  keep(rule: Rule, key: string, made: unknown): void {
    if (key.length > LONGEST) return;
    if (this.#count >= MOST / 2) {
      this.#older = this.#recent;
      this.#recent = new Map();
      this.#count = 0;
    }
    let table = this.#recent.get(rule);
    if (!table) {
      table = new Map();
      this.#recent.set(rule, table);
      rule.of = undefined;
    }
    this.#count += 1;
    table.set(detachedText(key), made);
  }
}

/** Of the feeds that were worked on last, by all of their context that decides what is made. */
const known = new Map<string, Lasting>();
const MOST_FEEDS = 4;
/** A bridge works through its feeds in rows. */
let last: { readonly context: NormalizeContext; readonly lasting: Lasting } | undefined;

export function lastingOf(context: NormalizeContext): Lasting {
  if (last?.context === context) return last.lasting;
  const { hospital, feed, assigners } = context;
  const key = canonicalJson([hospital, feed, assigners ?? null]);
  const lasting = known.get(key) ?? new Lasting();
  known.delete(key);
  known.set(key, lasting);
  if (known.size > MOST_FEEDS) known.delete(known.keys().next().value!);
  last = { context, lasting };
  return lasting;
}
