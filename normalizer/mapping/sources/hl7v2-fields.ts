/** Whole fields of one segment that together decide what a rule makes. */
import type { FieldMark, Segment } from '../../hl7v2/reader/segment.ts';
import type { ReadMarks, Recurring } from './format.ts';

/** Numbers of fields that say nothing of a patient (v2.9 §2.13.9, §6.5.6): who sends and receives, and the insurer. */
const NOBODYS: Readonly<Record<string, ReadonlySet<number>>> = {
  MSH: new Set([3, 4, 5, 6, 9, 11, 12, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]),
  IN1: new Set([3, 4, 5, 6, 7]),
};

export function isNobodys(segment: string, number: number): boolean {
  return Object.hasOwn(NOBODYS, segment) && NOBODYS[segment]!.has(number);
}

export class SegmentFields implements Recurring {
  readonly content: string;
  readonly level = 0;
  /** What is told of one of the fields is told of no place of all. */
  readonly place = '';
  readonly #segment: Segment;
  readonly #numbers: readonly number[];

  constructor(segment: Segment, numbers: readonly number[]) {
    this.#segment = segment;
    this.#numbers = numbers;
    let content = '';
    // What divides fields stands in none.
    for (const number of numbers) content += `${segment.raws(number)}|`;
    this.content = content;
  }

  watch<T>(work: () => T): { made: T; marks: ReadMarks | undefined } {
    const { made, read } = this.#segment.watch(work);
    const marks = this.#segment.marksOf(this.#numbers, read);
    return { made, marks: marks && { applyTo: (fields) => (fields as SegmentFields).#readAlike(marks) } };
  }

  #readAlike(marks: readonly FieldMark[]): void {
    this.#segment.readAlike(marks);
  }
}
