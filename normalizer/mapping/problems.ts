/** What is wrong with a map: every problem at once, each with its place and a hint. */
import { BridgeError } from '../../core/errors.ts';

/** 1-based. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface MapProblem extends Place {
  readonly message: string;
  readonly hint: string;
}

/** `map.invalid` with all that is wrong. */
export class MapError extends BridgeError {
  readonly problems: readonly MapProblem[];

  constructor(problems: readonly MapProblem[]) {
    const { file, line, column, message } = problems[0]!;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    super('map.invalid', `${file}:${line}:${column}: ${message}${more}`);
    this.problems = problems;
  }
}

const MOST = 200;

export class Problems {
  readonly #found: MapProblem[] = [];
  readonly #known = new Set<string>();

  /** A fragment or a base that is used twice tells its problem once. */
  add(at: Place, message: string, hint: string): void {
    const key = `${at.file}:${at.line}:${at.column}:${message}`;
    if (this.#known.has(key) || this.#found.length >= MOST) return;
    this.#known.add(key);
    this.#found.push({ file: at.file, line: at.line, column: at.column, message, hint });
  }

  get count(): number {
    return this.#found.length;
  }

  /** @throws MapError with all problems in the order of their places */
  throwIfAny(): void {
    if (this.#found.length > 0) throw new MapError([...this.#found].sort(byPlace));
  }
}

function byPlace(a: MapProblem, b: MapProblem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

/** `did you mean x?` with the nearest name, else the names themselves. */
export function didYouMean(name: string, known: Iterable<string>, what = 'known'): string {
  const names = [...known];
  const near = nearest(name, names);
  if (near !== undefined) return `did you mean ${near}?`;
  if (names.length === 0) return `there is no ${what} one`;
  return `${what}: ${names.slice(0, 30).join(', ')}${names.length > 30 ? ', …' : ''}`;
}

function nearest(name: string, names: readonly string[]): string | undefined {
  const wanted = name.slice(0, 64).toLowerCase();
  const most = Math.max(1, Math.floor(wanted.length / 3));
  let best: { name: string; distance: number } | undefined;
  for (const candidate of names) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance <= most && (!best || distance < best.distance)) best = { name: candidate, distance };
  }
  return best?.name;
}

/** Levenshtein distance with neighbouring letters swapped counted as one. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
