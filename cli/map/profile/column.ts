/** What is kept of one column, field or element: counts, lengths, shapes, frequent values. Memory is bounded. */
import { Distinct, hash32 } from './distinct.ts';
import { isFullWidth, type Shape, shapeOf, typeOf } from './shapes.ts';

/** Values whose counts are kept at one time. */
const KEPT = 4096;

interface Kept {
  readonly shape: Shape;
  count: number;
  /** Patients with this value, at most as many as decide whether it may be shown. */
  readonly patients: number[];
}

export interface ColumnProfile {
  readonly place: string;
  /** Occurrences with a value. */
  readonly count: number;
  /** Items that have a value here, of all items, 0 to 1. */
  readonly fill: number;
  /** An estimate above 4,096. */
  readonly distinct: number;
  readonly type: string;
  /** Shape → number of values. */
  readonly shapes: Readonly<Record<string, number>>;
  /** Characters. */
  readonly length: { readonly min: number; readonly max: number };
  /** Values with full-width digits, letters or signs. */
  readonly fullWidth: number;
  /** Only values that enough different patients share, most frequent first. */
  readonly top: readonly { readonly value: string; readonly count: number }[];
}

export class Column {
  readonly #place: string;
  readonly #enough: number;
  readonly #kept = new Map<string, Kept>();
  readonly #shapes = new Map<Shape, number>();
  readonly #distinct = new Distinct();
  #overflown = false;
  #count = 0;
  #items = 0;
  #lastItem = -1;
  #fullWidth = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** @param enough patients who must share a value before it is shown */
  constructor(place: string, enough: number) {
    this.#place = place;
    this.#enough = enough;
  }

  /** @param patient a hash; undefined where it is not known whose value it is */
  add(value: string, item: number, patient: number | undefined): void {
    this.#count++;
    if (item !== this.#lastItem) this.#items++;
    this.#lastItem = item;
    let kept = this.#kept.get(value);
    if (!kept) {
      kept = this.#keep(value);
      if (isFullWidth(value)) this.#fullWidth++;
    } else if (isFullWidth(value)) this.#fullWidth++;
    kept.count++;
    this.#shapes.set(kept.shape, (this.#shapes.get(kept.shape) ?? 0) + 1);
    if (patient !== undefined && kept.patients.length < this.#enough && !kept.patients.includes(patient))
      kept.patients.push(patient);
  }

  profile(items: number): ColumnProfile {
    return {
      place: this.#place,
      count: this.#count,
      fill: items === 0 ? 0 : this.#items / items,
      distinct: this.#overflown ? this.#distinct.count : this.#kept.size,
      type: typeOf(this.#shapes),
      shapes: Object.fromEntries([...this.#shapes].sort((a, b) => b[1] - a[1])),
      length: { min: this.#count === 0 ? 0 : this.#min, max: this.#max },
      fullWidth: this.#fullWidth,
      top: this.#top(),
    };
  }

  #keep(value: string): Kept {
    if (this.#kept.size >= KEPT) this.#makeRoom();
    this.#distinct.add(hash32(value));
    const length = [...value].length;
    this.#min = Math.min(this.#min, length);
    this.#max = Math.max(this.#max, length);
    const kept = { shape: shapeOf(value), count: 0, patients: [] };
    this.#kept.set(value, kept);
    return kept;
  }

  /** Forgets the rarer half: what is frequent stays or comes back. */
  #makeRoom(): void {
    this.#overflown = true;
    const counts = [...this.#kept.values()].map(({ count }) => count).sort((a, b) => a - b);
    const median = counts[counts.length >> 1]!;
    for (const [value, { count }] of this.#kept) if (count <= median) this.#kept.delete(value);
  }

  #top() {
    return [...this.#kept]
      .filter(([, { patients }]) => patients.length >= this.#enough)
      .map(([value, { count }]) => ({ value, count }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
      .slice(0, 12);
  }
}
