/** One segment. Its fields are split at the first question. */
import type { Tally } from '../../sources.ts';
import { piecesOf } from './pieces.ts';
import { type Reading, type ReadMark, watchReading } from './reading.ts';
import { Value } from './value.ts';

const NONE: readonly Value[] = [];

/** What was read of one repetition of a field. */
export interface FieldMark {
  readonly number: number;
  /** From 0. */
  readonly index: number;
  readonly marks: readonly ReadMark[];
}

export class Segment {
  /** As `segmentName` gives it. */
  readonly name: string;
  /** Occurrence among the segments of this name, from 1. */
  readonly occurrence: number;
  /** The line as it stands in the message. */
  readonly raw: string;
  readonly #reading: Reading;
  #fields: readonly string[] | undefined;
  /** Any field has several repetitions. */
  #repeats = false;
  /** First repetitions by the number of their field. */
  #firsts: (Value | undefined)[] = [];
  /** All repetitions of the fields that have several, which few have. */
  #lists: Map<number, readonly Value[]> | undefined;

  constructor(reading: Reading, name: string, occurrence: number, raw: string) {
    this.#reading = reading;
    this.name = name;
    this.occurrence = occurrence;
    this.raw = raw;
  }

  /** `OBX[3]`; the first has no number. */
  get place(): string {
    return this.occurrence === 1 ? this.name : `${this.name}[${this.occurrence}]`;
  }

  get generalPlace(): string {
    return this.name;
  }

  /** Number of the last written field. */
  get length(): number {
    return this.#split().length - 1;
  }

  /** Nothing stands in a field, neither a value nor a null. */
  isVacant(number: number): boolean {
    const raw = this.#split()[number];
    return raw === undefined || raw === '';
  }

  /** First repetition of a field; empty where it is absent. */
  field(number: number): Value {
    return this.#first(number) ?? this.#value('', number, 1);
  }

  /** A part of the first repetition of a field, where anything stands in it. */
  present(number: number, parts: readonly number[]): Value | undefined {
    return this.#first(number)?.present(parts);
  }

  /** The populated or null repetitions of a field, each under its own number. */
  all(number: number): readonly Value[] {
    const values = this.#values(number);
    return values.some(isEmpty) ? values.filter((value) => !isEmpty(value)) : values;
  }

  /** One of the populated or null repetitions of a field. @param index from 1 */
  repetition(number: number, index: number): Value | undefined {
    const value = this.#values(number)[index - 1];
    return value && !isEmpty(value) ? value : undefined;
  }

  /** All of a field, with its delimiters; empty where it is absent. */
  raws(number: number): string {
    return this.#split()[number] ?? '';
  }

  /** Runs the work. @returns what it gave, and the values that it read, of any segment */
  watch<T>(work: () => T): { readonly made: T; readonly read: readonly Value[] } {
    return watchReading(this.#reading, work);
  }

  /** What was read of these fields, so that those with the same texts can be marked alike; undefined where anything else was read. */
  marksOf(numbers: readonly number[], read: readonly Value[]): readonly FieldMark[] | undefined {
    const others = new Set(read);
    const marks: FieldMark[] = [];
    for (const number of numbers)
      for (const [index, value] of this.#values(number).entries()) {
        const own = read.filter((one) => one.isPartOf(value));
        for (const one of own) others.delete(one);
        if (own.length > 0) marks.push({ number, index, marks: value.marksOf(own) });
      }
    return others.size === 0 ? marks : undefined;
  }

  readAlike(all: readonly FieldMark[]): void {
    for (const { number, index, marks } of all) this.#values(number)[index]!.readAlike(marks);
  }

  /** Counts every populated leaf, and which of them were read. */
  count(tally: Tally): void {
    const fields = this.#split();
    for (let number = this.isHeader ? 3 : 1; number < fields.length; number += 1) {
      const first = this.#first(number);
      if (!first) continue;
      if (first.content.length === fields[number]!.length) first.count(tally);
      else for (const value of this.#repeated(number, fields[number]!, first)) value.count(tally);
    }
  }

  /** MSH-1 and MSH-2 are the delimiters themselves and are not split. */
  private get isHeader(): boolean {
    return this.name === 'MSH';
  }

  #first(number: number): Value | undefined {
    const raw = this.#split()[number];
    if (raw === undefined || raw === '') return undefined;
    this.#firsts[number] ??= this.#value(raw.slice(0, this.#firstEnd(number, raw)), number, 1);
    return this.#firsts[number];
  }

  /** Where the first repetition ends; undefined where it is the only one. */
  #firstEnd(number: number, raw: string): number | undefined {
    if (!this.#repeats || (this.isHeader && number <= 2)) return undefined;
    const end = raw.indexOf(this.#reading.delimiters.repetition);
    return end < 0 ? undefined : end;
  }

  #values(number: number): readonly Value[] {
    const first = this.#first(number);
    if (!first) return NONE;
    const raw = this.#split()[number]!;
    return first.content.length === raw.length ? [first] : this.#repeated(number, raw, first);
  }

  #repeated(number: number, raw: string, first: Value): readonly Value[] {
    const known = this.#lists?.get(number);
    if (known) return known;
    const pieces = raw.split(this.#reading.delimiters.repetition);
    const values = pieces.map((piece, index) => (index === 0 ? first : this.#value(piece, number, index + 1)));
    this.#lists ??= new Map();
    this.#lists.set(number, values);
    return values;
  }

  #value(raw: string, number: number, repetition: number): Value {
    return new Value(this.#reading, raw, 2, this, number, repetition);
  }

  #split(): readonly string[] {
    if (!this.#fields) {
      const { field, repetition } = this.#reading.delimiters;
      const fields = piecesOf(this.raw, field) ?? [this.raw];
      if (this.isHeader) fields.splice(1, 0, field);
      this.#repeats = repetition !== '' && this.raw.includes(repetition);
      this.#fields = fields;
      this.#firsts = new Array(fields.length);
    }
    return this.#fields;
  }
}

function isEmpty(value: Value): boolean {
  return value.content === '';
}
