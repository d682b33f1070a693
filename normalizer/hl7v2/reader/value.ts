/**
 * A repetition, component or sub-component of a field. Nothing is split or decoded before it is asked for.
 * Reading a text marks it as read.
 */
import type { Tally } from '../../sources.ts';
import type { Delimiters } from './delimiters.ts';
import { decodeEscapes } from './escapes.ts';

/** What all values of one message share. */
export interface Reading {
  readonly delimiters: Delimiters;
  readonly hex: (bytes: Uint8Array) => string | undefined;
  /** The message holds no escape character and no control characters: every text stands as it is. */
  readonly plain: boolean;
  /** Who is told of what is read; set when a map opens the message. */
  listener: Listener;
  /** What is read now is only looked at: it counts as read where it also goes into a record. */
  silent: boolean;
  /** Gathers what is read; see `watch`. */
  watcher: Value[] | undefined;
}

export interface Listener {
  /** Told of each place that is read; only where a trace is made. */
  readonly onRead: ((place: string, element?: string, rule?: string) => void) | undefined;
  /** Told of each place whose text held control characters, which are left out: R4 strings hold none. */
  readonly onControl: (place: string) => void;
}

export const NOBODY: Listener = { onRead: undefined, onControl: () => {} };

/** All but tab, line feed and carriage return (R4 §2.24.0.1, string). */
export const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f]/;
const CONTROLS = new RegExp(CONTROL, 'g');

/** How often a value may still be split: a repetition into components, these into sub-components. */
export type Level = 2 | 1 | 0;

/** The segment of a repetition, the repetition of a component, the component of a sub-component. */
interface Holder {
  readonly place: string;
  /** Without the numbers of repetitions and of segments. */
  readonly generalPlace: string;
}

/** Pieces of a value that holds no delimiter. */
const WHOLE: readonly string[] = [];

export class Value {
  /** As it stands in the message, with its escapes. */
  readonly raw: string;
  /** What the reader of a map has made of it, for the next time. */
  reads: unknown;
  readonly #reading: Reading;
  readonly #level: Level;
  readonly #holder: Holder;
  /** What follows the holder's place: `-3`, `.4`; made of numbers only when a place is told, which is seldom. */
  readonly #number: number;
  readonly #repetition: number;
  #isRead = false;
  // Rules ask for one value many times; what was split once is kept.
  #pieces: readonly string[] | undefined;
  #parts: Value[] | undefined;

  /**
   * @param number of the field where `repetition` is not 0, else of the part; 0 for a part that has its holder's place
   * @param repetition from 1; 0 for components and sub-components
   */
  constructor(reading: Reading, raw: string, level: Level, holder: Holder, number: number, repetition: number) {
    this.#reading = reading;
    this.raw = raw;
    this.#level = level;
    this.#holder = holder;
    this.#number = number;
    this.#repetition = repetition;
  }

  /** `PID-3[2].4`; the place of a whole repetition has no component number. */
  get place(): string {
    const repetition = this.#repetition > 1 ? `[${this.#repetition}]` : '';
    return this.#holder.place + this.#step() + repetition;
  }

  /** `PID-3.4`, whichever repetition of whichever segment it is. */
  get generalPlace(): string {
    return this.#holder.generalPlace + this.#step();
  }

  #step(): string {
    if (this.#number === 0) return '';
    return `${this.#repetition > 0 ? '-' : '.'}${this.#number}`;
  }

  /** True where the sender asks for deletion: `""` (v2.9 §2.5.3.2). */
  get isNull(): boolean {
    return this.raw === '""';
  }

  /** Holds some text: it is neither absent nor null, and not made of delimiters alone. */
  get isPopulated(): boolean {
    const { raw } = this;
    if (raw === '') return false;
    const pieces = this.#split();
    if (pieces === WHOLE) return raw !== '""';
    for (let number = 1; number <= pieces.length; number += 1) if (this.part(number).isPopulated) return true;
    return false;
  }

  /** Any of these parts is populated. */
  isPopulatedWithin(first: number, last: number): boolean {
    for (let number = first; number <= last; number += 1) if (this.#present(number)?.isPopulated) return true;
    return false;
  }

  /** Component (of a repetition) or sub-component (of a component), from 1. A value without delimiters is its own first part. */
  part(number: number): Value {
    const pieces = this.#split();
    if (pieces === WHOLE) return number === 1 ? this : this.#part('', number);
    if (number > pieces.length) return this.#part('', number);
    this.#parts ??= new Array<Value>(pieces.length);
    this.#parts[number - 1] ??= this.#part(pieces[number - 1]!, pieces.length === 1 ? 0 : number);
    return this.#parts[number - 1]!;
  }

  /** The part of a part, where anything stands in it; asking reads nothing. */
  present(parts: readonly number[]): Value | undefined {
    if (this.raw === '') return undefined;
    let here: Value = this;
    for (let at = 0; at < parts.length; at += 1) {
      const part = here.#present(parts[at]!);
      if (!part) return undefined;
      here = part;
    }
    return here;
  }

  #present(number: number): Value | undefined {
    const pieces = this.#split();
    if (pieces === WHOLE) return number === 1 ? this : undefined;
    return number <= pieces.length && pieces[number - 1] !== '' ? this.part(number) : undefined;
  }

  /** `trimmed` of a part; for those of which most are absent. */
  textOf(number: number): string | undefined {
    return this.raw === '' ? undefined : this.#present(number)?.trimmed;
  }

  #part(raw: string, number: number): Value {
    const level = this.#level === 2 ? 1 : 0;
    return new Value(this.#reading, raw, level, this, number, 0);
  }

  /** All parts, from the first to the last written one. */
  parts(): Value[] {
    const pieces = this.#split();
    return pieces === WHOLE ? [this] : pieces.map((_, index) => this.part(index + 1));
  }

  /** Decoded text of the first leaf (as a receiver of an older version reads it); undefined where absent or null. */
  get text(): string | undefined {
    const leaf = this.#lowest();
    const { raw } = leaf;
    if (raw === '') return undefined;
    leaf.#markRead();
    return raw === '""' ? undefined : leaf.#decode() || undefined;
  }

  #lowest(): Value {
    let leaf: Value = this;
    while (leaf.#split() !== WHOLE) leaf = leaf.part(1);
    return leaf;
  }

  /** What a table has for this text; one that it does not have stays unread. */
  in<T>(table: Readonly<Record<string, T>>): T | undefined {
    if (this.raw === '') return undefined;
    const leaf = this.#lowest();
    const text = leaf.#decode().trim();
    if (!Object.hasOwn(table, text)) return undefined;
    leaf.#markRead();
    return table[text];
  }

  /** Like `text`, without white space at its ends; undefined where nothing remains. */
  get trimmed(): string | undefined {
    return this.text?.trim() || undefined;
  }

  /** Like `trimmed`, with single spaces within: the form of an R4 code. */
  get code(): string | undefined {
    return this.trimmed?.replaceAll(/\s+/g, ' ');
  }

  /**
   * The whole value as text with its delimiters, decoded: for text whose sender forgot to escape them. They are given as
   * `^` and `&` whatever the sender uses, so that what is made of them is the same.
   */
  get whole(): string | undefined {
    if (this.raw === '') return undefined;
    this.use();
    if (this.isNull) return undefined;
    const { component, subcomponent } = this.#reading.delimiters;
    if (component === '^' && (subcomponent === '&' || subcomponent === '')) return this.#decode();
    const inner = (value: Value) => value.parts().map((part) => part.#decode());
    const lists = this.#level === 2 ? this.parts().map(inner) : [inner(this)];
    return lists.map((parts) => parts.join('&')).join('^');
  }

  /** Every lowest part, each under its own place. */
  leaves(): readonly Value[] {
    return this.#split() === WHOLE ? [this] : this.parts().flatMap((part) => part.leaves());
  }

  /** Marks all leaves as read by a rule, for the coverage and the trace. */
  use(element?: string, rule?: string): void {
    if (this.raw === '') return;
    const pieces = this.#split();
    if (pieces === WHOLE) this.#markRead(element, rule);
    else for (let number = 1; number <= pieces.length; number += 1) this.part(number).use(element, rule);
  }

  /** Counts its populated leaves, and which of them were read. */
  count(tally: Tally): void {
    if (this.raw === '') return;
    const pieces = this.#split();
    if (pieces !== WHOLE) for (let number = 1; number <= pieces.length; number += 1) this.part(number).count(tally);
    else if (this.#isRead) tally.mapped();
    else tally.left(this.generalPlace);
  }

  /** Two values of one level with the same text have the same parts. */
  get level(): number {
    return this.#level;
  }

  /** Runs the work. @returns what it gave, and the leaves that it read */
  watch<T>(work: () => T): { readonly made: T; readonly read: readonly Value[] } {
    const outer = this.#reading.watcher;
    const read: Value[] = [];
    this.#reading.watcher = read;
    try {
      return { made: work(), read };
    } finally {
      this.#reading.watcher = outer;
      outer?.push(...read);
    }
  }

  /** The numbers of the parts that lead from this value to these leaves. */
  stepsTo(leaves: readonly Value[]): number[][] {
    return [...new Set(leaves)].map((leaf) => {
      const steps: number[] = [];
      for (let at = leaf; at !== this; at = at.#holder as Value) steps.unshift(at.#number || 1);
      return steps;
    });
  }

  /** Marks leaves as read as they were read in a value with the same text. */
  readAlike(steps: readonly (readonly number[])[]): void {
    for (const path of steps) {
      let leaf: Value = this;
      for (const number of path) leaf = leaf.part(number);
      leaf.#markRead();
    }
  }

  #markRead(element?: string, rule?: string): void {
    if (this.#reading.silent) return;
    this.#isRead = true;
    this.#reading.watcher?.push(this);
    this.#reading.listener.onRead?.(this.place, element, rule);
  }

  #decode(): string {
    const { raw } = this;
    if (this.#reading.plain) return raw;
    const text = decodeEscapes(raw, this.#reading.delimiters, this.#reading.hex);
    if (!CONTROL.test(text)) return text;
    this.#reading.listener.onControl(this.place);
    return text.replace(CONTROLS, '');
  }

  #split(): readonly string[] {
    this.#pieces ??= this.#cut();
    return this.#pieces;
  }

  #cut(): readonly string[] {
    const { component, subcomponent } = this.#reading.delimiters;
    const { raw } = this;
    if (this.#level === 2 && raw.includes(component)) return raw.split(component);
    if (this.#level === 0 || subcomponent === '' || !raw.includes(subcomponent)) return WHOLE;
    return this.#level === 2 ? [raw] : raw.split(subcomponent);
  }
}
