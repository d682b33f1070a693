/** One segment. Its fields are split at the first question. */
import { type Reading, Value } from './value.ts';

export class Segment {
  readonly name: string;
  /** Occurrence among the segments of this name, from 1. */
  readonly occurrence: number;
  /** The line as it stands in the message. */
  readonly raw: string;
  readonly #reading: Reading;
  #fields: readonly string[] | undefined;
  /** Repetitions by the number of their field, split once. */
  readonly #repetitions: Value[][] = [];

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

  /** Number of the last written field. */
  get length(): number {
    return this.#split().length - 1;
  }

  /** First repetition of a field; empty where it is absent. */
  field(number: number): Value {
    return this.#values(number)[0] ?? this.#value('', number, 1);
  }

  /** The populated or null repetitions of a field, each under its own number. */
  all(number: number): Value[] {
    return this.#values(number).filter((value) => value.raw !== '');
  }

  /** Marks every populated leaf as seen. */
  see(): void {
    for (let number = 1; number <= this.length; number += 1) {
      if (this.isHeader && number <= 2) continue;
      for (const value of this.all(number))
        for (const leaf of value.leaves()) if (leaf.raw !== '') this.#reading.sources.seen(leaf.place);
    }
  }

  /** MSH-1 and MSH-2 are the delimiters themselves and are not split. */
  private get isHeader(): boolean {
    return this.name === 'MSH';
  }

  private repetitions(number: number): string[] {
    const raw = this.#split()[number] ?? '';
    const { repetition } = this.#reading.delimiters;
    if (raw === '') return [];
    return repetition === '' || (this.isHeader && number <= 2) ? [raw] : raw.split(repetition);
  }

  #values(number: number): readonly Value[] {
    this.#repetitions[number] ??= this.repetitions(number).map((raw, index) => this.#value(raw, number, index + 1));
    return this.#repetitions[number];
  }

  #value(raw: string, number: number, repetition: number): Value {
    const place = `${this.place}-${number}${repetition === 1 ? '' : `[${repetition}]`}`;
    return new Value(this.#reading, raw, place, 'repetition');
  }

  #split(): readonly string[] {
    if (!this.#fields) {
      const fields = this.raw.split(this.#reading.delimiters.field);
      if (this.isHeader) fields.splice(1, 0, this.#reading.delimiters.field);
      this.#fields = fields;
    }
    return this.#fields;
  }
}
