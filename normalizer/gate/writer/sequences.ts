/**
 * What can be said of an object by the names and order of its properties alone: whether R4 knows them, whether what must be
 * there is, and in which order canonical JSON has them. Objects of few sequences come again and again: each is judged once.
 */
import type { Compiled } from '../compiled.ts';
import type { Rule } from '../invariants.ts';
import type { Piece } from '../references.ts';
import { keyOf } from './output.ts';
import type { Write } from './pass.ts';

/** A property in the order of canonical JSON. */
export interface Slot extends Piece {
  /** Place in the object's own order. */
  readonly from: number;
  readonly write: Write;
}

export interface Form {
  readonly slots: readonly Slot[];
  /** Invariants that have to be asked of each object. */
  readonly rules: readonly Rule[];
}

/** Foreign JSON may bring very many: then all are forgotten. */
const MOST = 10_000;

/** The properties of an object so far. */
export class Sequence {
  static #known = 0;
  static readonly #starts: Sequence[] = [];

  readonly #type: Compiled<Write>;
  readonly #before: Sequence | undefined;
  readonly #key: string;
  readonly #next = new Map<string, Sequence>();
  /** What came after it last. */
  #lastKey: string | undefined;
  #last: Sequence | undefined;
  #form: Form | null | undefined;

  private constructor(type: Compiled<Write>, before: Sequence | undefined, key: string) {
    this.#type = type;
    this.#before = before;
    this.#key = key;
  }

  static of(type: Compiled<Write>): Sequence {
    const start = new Sequence(type, undefined, '');
    Sequence.#starts.push(start);
    return start;
  }

  /** Undefined where R4 does not know the property. */
  after(key: string): Sequence | undefined {
    return key === this.#lastKey ? this.#last : this.#turn(key);
  }

  /** Null where R4 does not know such an object. */
  get form(): Form | null {
    if (this.#form === undefined) this.#form = formOf(this.#keys(), this.#type);
    return this.#form;
  }

  #turn(key: string): Sequence | undefined {
    let next = this.#next.get(key);
    if (!next) {
      if (!slotOf(key, 0, this.#type)) return undefined;
      if (Sequence.#known >= MOST) Sequence.#forget();
      Sequence.#known += 1;
      next = new Sequence(this.#type, this, key);
      this.#next.set(key, next);
    }
    this.#lastKey = key;
    this.#last = next;
    return next;
  }

  #keys(): string[] {
    return this.#before ? [...this.#before.#keys(), this.#key] : [];
  }

  static #forget(): void {
    Sequence.#known = 0;
    for (const start of Sequence.#starts) {
      start.#next.clear();
      start.#lastKey = undefined;
    }
  }
}

function formOf(keys: readonly string[], type: Compiled<Write>): Form | null {
  const chosen = new Map<string, string>();
  for (const key of keys) {
    const member = type.members.get(key);
    if (member?.choice === undefined) continue;
    if ((chosen.get(member.choice) ?? member.option) !== member.option) return null;
    chosen.set(member.choice, member.option);
  }
  const slots = keys.map((key, from) => slotOf(key, from, type));
  if (slots.length === 0 || slots.includes(undefined)) return null;
  if (!type.required.every((element) => element.keys.some((key) => keys.includes(key)))) return null;
  const verdicts = type.rules.map((rule) => rule.byNames(keys));
  if (verdicts.includes(false)) return null;
  const order = keys.map((_, index) => index).sort((a, b) => (keys[a]! < keys[b]! ? -1 : 1));
  return {
    slots: order.map((index) => slots[index]!),
    rules: type.rules.filter((_, index) => verdicts[index] === undefined),
  };
}

function slotOf(key: string, from: number, type: Compiled<Write>): Slot | undefined {
  const write = key === 'resourceType' && type.resource ? writeName : type.members.get(key)?.check;
  return write && { ...keyOf(key), from, write };
}

/** Of a type, which was looked up before. */
const writeName: Write = (pass, value) => pass.out.text(value as string) >= 0;
