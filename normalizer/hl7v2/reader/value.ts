/**
 * A repetition, component or sub-component of a field. Nothing is split or decoded before it is asked for.
 * Reading a text marks its place as used.
 */
import type { SourceTracker } from '../../sources.ts';
import type { Delimiters } from './delimiters.ts';
import { decodeEscapes } from './escapes.ts';

/** What all values of one message share. */
export interface Reading {
  readonly delimiters: Delimiters;
  readonly sources: SourceTracker;
  readonly hex: (bytes: Uint8Array) => string | undefined;
  /** Told of each place whose text held control characters, which are left out: R4 strings hold none. */
  readonly onControl: (place: string) => void;
}

/** All but tab, line feed and carriage return (R4 §2.24.0.1, string). */
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f]/g;

type Level = 'repetition' | 'component' | 'subcomponent';

export class Value {
  /** As it stands in the message, with its escapes. */
  readonly raw: string;
  /** `PID-3[2].4`; the place of a whole repetition has no component number. */
  readonly place: string;
  readonly #reading: Reading;
  readonly #level: Level;
  // Rules ask for one value many times; what was split once is kept.
  #cut: readonly string[] | undefined;
  readonly #made: Value[] = [];
  #lowest: readonly Value[] | undefined;

  constructor(reading: Reading, raw: string, place: string, level: Level) {
    this.#reading = reading;
    this.raw = raw;
    this.place = place;
    this.#level = level;
  }

  /** True where the sender asks for deletion: `""` (v2.9 §2.5.3.2). */
  get isNull(): boolean {
    return this.raw === '""';
  }

  /** Holds some text: it is neither absent nor null, and not made of delimiters alone. */
  get isPopulated(): boolean {
    return this.leaves().some((leaf) => leaf.raw !== '' && !leaf.isNull);
  }

  /** Component (of a repetition) or sub-component (of a component), from 1. */
  part(number: number): Value {
    return this.#part(this.#pieces(), number);
  }

  /** All parts, from the first to the last written one. */
  parts(): Value[] {
    const pieces = this.#pieces();
    return pieces.map((_, index) => this.#part(pieces, index + 1));
  }

  /** Decoded text of the first leaf (as a receiver of an older version reads it); undefined where absent or null. */
  get text(): string | undefined {
    const leaf = this.#level === 'subcomponent' ? this : this.leaf();
    if (leaf.raw === '') return undefined;
    this.#reading.sources.used(leaf.place);
    return leaf.isNull ? undefined : this.#decode(leaf.raw) || undefined;
  }

  /** Like `text`, without white space at its ends; undefined where nothing remains. */
  get trimmed(): string | undefined {
    return this.text?.trim() || undefined;
  }

  /** Like `trimmed`, with single spaces within: the form of an R4 code. */
  get code(): string | undefined {
    return this.trimmed?.replaceAll(/\s+/g, ' ');
  }

  /** The whole value as text with its delimiters, decoded: for text whose sender forgot to escape them. */
  get whole(): string | undefined {
    if (this.raw === '') return undefined;
    for (const leaf of this.leaves()) this.#reading.sources.used(leaf.place);
    return this.isNull ? undefined : this.#decode(this.raw);
  }

  private leaf(): Value {
    const first = this.part(1);
    return first.#level === 'subcomponent' ? first : first.leaf();
  }

  /** Every lowest part, each under its own place. */
  leaves(): readonly Value[] {
    this.#lowest ??= this.#level === 'subcomponent' ? [this] : this.parts().flatMap((part) => part.leaves());
    return this.#lowest;
  }

  /** Marks all leaves as read by a rule, for the coverage and the trace. */
  use(element?: string, rule?: string): void {
    for (const leaf of this.leaves()) if (leaf.raw !== '') this.#reading.sources.used(leaf.place, element, rule);
  }

  #decode(raw: string): string {
    const text = decodeEscapes(raw, this.#reading.delimiters, this.#reading.hex);
    if (text.search(CONTROL) < 0) return text;
    this.#reading.onControl(this.place);
    return text.replace(CONTROL, '');
  }

  #pieces(): readonly string[] {
    this.#cut ??= this.#split();
    return this.#cut;
  }

  #split(): readonly string[] {
    const { component, subcomponent } = this.#reading.delimiters;
    const separator = this.#level === 'repetition' ? component : subcomponent;
    const whole = this.#level === 'subcomponent' || separator === '' || !this.raw.includes(separator);
    return whole ? [this.raw] : this.raw.split(separator);
  }

  /** A value without delimiters is its own first part, under its own place. */
  #part(pieces: readonly string[], number: number): Value {
    const known = this.#made[number];
    if (known) return known;
    const place = pieces.length === 1 && number === 1 ? this.place : `${this.place}.${number}`;
    const level = this.#level === 'repetition' ? 'component' : 'subcomponent';
    const made = new Value(this.#reading, pieces[number - 1] ?? '', place, level);
    if (number <= pieces.length) this.#made[number] = made;
    return made;
  }
}
