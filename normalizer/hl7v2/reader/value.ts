/**
 * A repetition, component or sub-component of a field. Nothing is split or decoded before it is asked for.
 * Reading a text marks it as read.
 */

import type { Field, ReadMarks } from '../../mapping/sources/format.ts';
import { singleSpaced } from '../../shared/spaces.ts';
import type { Tally } from '../../sources.ts';
import { decodeEscapes } from './escapes.ts';
import { piecesOf } from './pieces.ts';
import { CONTROL, type Reading, type ReadMark, watchReading } from './reading.ts';

const CONTROLS = new RegExp(CONTROL, 'g');

/** How often a value may still be split: a repetition into components, these into sub-components. */
export type Level = 2 | 1 | 0;

/** The segment of a repetition, the repetition of a component, the component of a sub-component. */
interface Holder {
  readonly place: string;
  /** Without the numbers of repetitions and of segments. */
  readonly generalPlace: string;
}

const PLAIN = /^[^\s"]/;

/** A piece that is empty or was not asked for yet is a text. */
type Piece = string | Value;

/** Pieces of a value that holds no delimiter. */
const WHOLE: Piece[] = [];
const NOTHING: readonly never[] = [];

/** Holds on to nothing of the message. */
function appliedTo(marks: readonly ReadMark[]): ReadMarks {
  return { applyTo: (other) => (other as Value).readAlike(marks) };
}

export class Value implements Field {
  /** As it stands in the message, with its escapes. */
  readonly content: string;
  readonly #reading: Reading;
  readonly #level: Level;
  readonly #holder: Holder;
  /** What follows the holder's place: `-3`, `.4`; made of numbers only when a place is told, which is seldom. */
  readonly #number: number;
  readonly #repetition: number;
  /** How many leaves were read with it: one of a leaf, all of a value that was read as a whole. */
  #read = 0;
  // Rules ask for one value many times; what was split once is kept.
  #pieces: Piece[] | undefined;

  /**
   * @param number of the field where `repetition` is not 0, else of the part; 0 for a part that has its holder's place
   * @param repetition from 1; 0 for components and sub-components
   */
  constructor(reading: Reading, content: string, level: Level, holder: Holder, number: number, repetition: number) {
    this.#reading = reading;
    this.content = content;
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
    return this.content === '""';
  }

  /** Holds some text: it is neither absent nor null, and not made of delimiters alone. */
  get isPopulated(): boolean {
    const { content } = this;
    if (content === '') return false;
    const pieces = this.#split();
    if (pieces === WHOLE) return content !== '""';
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
    const piece = pieces[number - 1];
    if (piece === undefined || piece === '') return this.#part('', number);
    if (typeof piece !== 'string') return piece;
    const part = this.#part(piece, pieces.length === 1 ? 0 : number);
    pieces[number - 1] = part;
    return part;
  }

  /** The part of a part, where anything stands in it; asking reads nothing. */
  present(parts: readonly number[]): Value | undefined {
    if (this.content === '') return undefined;
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
    const piece = pieces[number - 1];
    if (piece === undefined || piece === '') return undefined;
    return typeof piece === 'string' ? this.part(number) : piece;
  }

  /** `text` of a part; for those of which most are absent. */
  textOf(number: number): string | undefined {
    return this.content === '' ? undefined : this.#present(number)?.text();
  }

  #part(content: string, number: number): Value {
    const level = this.#level === 2 ? 1 : 0;
    return new Value(this.#reading, content, level, this, number, 0);
  }

  /** All parts, from the first to the last written one. */
  pieces(): Value[] {
    const pieces = this.#split();
    return pieces === WHOLE ? [this] : pieces.map((_, index) => this.part(index + 1));
  }

  /** Decoded text of the first leaf (as a receiver of an older version reads it); undefined where absent or null. */
  get decoded(): string | undefined {
    const leaf = this.#lowest();
    const { content } = leaf;
    if (content === '') return undefined;
    leaf.#markRead(1);
    return content === '""' ? undefined : leaf.#decode() || undefined;
  }

  /** `text`, without marking it as read. */
  peek(): string | undefined {
    const leaf = this.#lowest();
    const { content } = leaf;
    return content === '' || content === '""' ? undefined : leaf.#decode().trim() || undefined;
  }

  /** Begins with a letter, digit or other sign that is neither white, a quote, a delimiter nor escaped. */
  get isPlain(): boolean {
    const { plain, delimiters } = this.#reading;
    const sign = this.content[0];
    return plain && sign !== delimiters.component && sign !== delimiters.subcomponent && PLAIN.test(this.content);
  }

  #lowest(): Value {
    let leaf: Value = this;
    while (leaf.#split() !== WHOLE) leaf = leaf.part(1);
    return leaf;
  }

  /** What a table has for this text; one that it does not have stays unread. */
  in<T>(table: ReadonlyMap<string, T>): T | undefined {
    if (this.content === '') return undefined;
    const leaf = this.#lowest();
    const found = table.get(leaf.#decode().trim());
    if (found !== undefined) leaf.#markRead(1);
    return found;
  }

  /** Like `decoded`, without white space at its ends; undefined where nothing remains. */
  text(): string | undefined {
    return this.decoded?.trim() || undefined;
  }

  /** Like `text`, with single spaces within: the form of an R4 code. */
  get code(): string | undefined {
    const text = this.text();
    return text && singleSpaced(text);
  }

  /** Holds the same, to the letter. */
  equals(other: Field): boolean {
    return other instanceof Value && other.content === this.content;
  }

  /** The texts of all parts. */
  parts(): readonly string[] {
    return this.content === '' ? NOTHING : this.pieces().map((part) => part.text() ?? '');
  }

  get origin(): Value {
    return this;
  }

  /**
   * The whole value as text with its delimiters, decoded: for text whose sender forgot to escape them. They are given as
   * `^` and `&` whatever the sender uses, so that what is made of them is the same.
   */
  raw(): string | undefined {
    if (this.content === '') return undefined;
    this.consume();
    if (this.isNull) return undefined;
    const { component, subcomponent } = this.#reading.delimiters;
    if (component === '^' && (subcomponent === '&' || subcomponent === '')) return this.#decode();
    const inner = (value: Value) => value.pieces().map((part) => part.#decode());
    const lists = this.#level === 2 ? this.pieces().map(inner) : [inner(this)];
    return lists.map((parts) => parts.join('&')).join('^');
  }

  /** Every lowest part, each under its own place. */
  leaves(): readonly Value[] {
    return this.#split() === WHOLE ? [this] : this.pieces().flatMap((part) => part.leaves());
  }

  /** Marks all leaves as read, for the coverage and the trace. */
  consume(): void {
    if (this.content === '') return;
    const pieces = this.#split();
    if (pieces === WHOLE) this.#markRead(1);
    else for (let number = 1; number <= pieces.length; number += 1) this.part(number).consume();
  }

  /** Counts its populated leaves, and which of them were read. */
  count(tally: Tally): void {
    if (this.content === '') return;
    if (this.#read > 0) {
      tally.mapped(this.#read);
      return;
    }
    const pieces = this.#split();
    if (pieces === WHOLE) tally.left(this.generalPlace);
    else for (let number = 1; number <= pieces.length; number += 1) this.#present(number)?.count(tally);
  }

  /** Two values of one level with the same text have the same parts. */
  get level(): number {
    return this.#level;
  }

  /** Runs the work. @returns what it gave, and what it read of this value, so that one with the same text can be marked alike */
  watch<T>(work: () => T): { readonly made: T; readonly marks: ReadMarks } {
    const { made, read } = watchReading(this.#reading, work);
    return { made, marks: appliedTo(this.marksOf(read)) };
  }

  /** @param read of this value and its parts */
  marksOf(read: readonly Value[]): readonly ReadMark[] {
    const all = new Set(read);
    const marks: ReadMark[] = [];
    let leaves = 0;
    for (const one of all) {
      if (this.#isWithin(one, all)) continue;
      marks.push({ path: this.#pathTo(one), leaves: one.#read });
      leaves += one.#read;
    }
    return leaves > 1 && leaves === this.#leaves() ? [{ path: [], leaves }] : marks;
  }

  /** It is this value or stands in it. */
  isPartOf(whole: Value): boolean {
    for (let at: Holder = this; at instanceof Value; at = at.#holder) if (at === whole) return true;
    return false;
  }

  /** Below one of these that was read as a whole. */
  #isWithin(part: Value, all: ReadonlySet<Value>): boolean {
    if (part === this) return false;
    for (let at = part.#holder as Value; ; at = at.#holder as Value) {
      if (at.#read > 0 && all.has(at)) return true;
      if (at === this) return false;
    }
  }

  #pathTo(part: Value): number[] {
    const path: number[] = [];
    for (let at = part; at !== this; at = at.#holder as Value) path.unshift(at.#number || 1);
    return path;
  }

  #leaves(): number {
    if (this.content === '') return 0;
    const pieces = this.#split();
    if (pieces === WHOLE) return 1;
    let count = 0;
    for (let number = 1; number <= pieces.length; number += 1) count += this.part(number).#leaves();
    return count;
  }

  readAlike(marks: readonly ReadMark[]): void {
    for (const { path, leaves } of marks) {
      let part: Value = this;
      for (const number of path) part = part.part(number);
      part.#markRead(leaves);
    }
  }

  /** @param leaves of a value that is read as a whole; one of a leaf */
  #markRead(leaves: number): void {
    if (this.#reading.silent) return;
    this.#read = leaves;
    this.#reading.watcher?.push(this);
    this.#reading.listener.onRead?.(this.place);
  }

  #decode(): string {
    const { content } = this;
    if (this.#reading.plain) return content;
    const text = decodeEscapes(content, this.#reading.delimiters, this.#reading.hex);
    if (!CONTROL.test(text)) return text;
    this.#reading.listener.onControl(this.place);
    return text.replace(CONTROLS, '');
  }

  #split(): Piece[] {
    this.#pieces ??= this.#cut();
    return this.#pieces;
  }

  #cut(): Piece[] {
    const { component, subcomponent } = this.#reading.delimiters;
    const { content } = this;
    if (this.#level === 2) {
      const pieces = piecesOf(content, component);
      if (pieces) return pieces;
    }
    if (this.#level === 0 || subcomponent === '') return WHOLE;
    if (this.#level === 2) return content.includes(subcomponent) ? [content] : WHOLE;
    return piecesOf(content, subcomponent) ?? WHOLE;
  }
}
