/**
 * What a folder feed remembers: small and exact.
 *
 * Files stand in order of (ctime, path). The order is cut into *runs*; of each the cursor keeps the end, the number
 * of files read and the sum of their prints. A listing is compared run by
 * run: one whose number or sum differs holds a file that came late, was changed or went away, and is read again (known
 * items deduplicate by id). So nothing is lost whatever clocks do, and a quiet folder costs one listing.
 */
import { createHash } from 'node:crypto';
import type { Resume } from './folder-split.ts';
import { type FolderEntry, pathText } from './folder-walk.ts';

/** End of the run, files read (−1: not read yet), sum of their prints mod 2^64 in hex. */
export type Run = readonly [ctimeNs: string, path: string, count: number, sum: string];

export interface FolderCursor {
  readonly format: 1;
  readonly runs: readonly Run[];
  /** A file of which a part is read: its print and how far. */
  readonly open?: { readonly print: string } & Resume;
}

export interface Position {
  readonly ctimeNs: bigint;
  /** As `pathText` writes it. */
  readonly path: string;
}

/** A file with its place in the order. */
export interface Placed extends Position {
  readonly entry: FolderEntry;
  /** Changes when path, size, content or rights do. */
  readonly print: bigint;
}

export interface Tally {
  count: number;
  sum: bigint;
}

interface OpenRun extends Tally {
  end: Position;
}

const MOD = (1n << 64n) - 1n;
const SMALLEST_RUN = 64;
const RUNS = 256;

export function place(entry: FolderEntry): Placed {
  const { size, mtimeNs, ctimeNs, closed } = entry;
  const path = pathText(entry.path);
  const print = createHash('sha256')
    .update(`${size} ${mtimeNs} ${ctimeNs} ${closed ?? false} ${path}`)
    .digest()
    .readBigUInt64BE();
  return { entry, print, ctimeNs, path };
}

/** Order in which files are read. */
export function compare(a: Position, b: Position): number {
  if (a.ctimeNs !== b.ctimeNs) return a.ctimeNs < b.ctimeNs ? -1 : 1;
  return a.path === b.path ? 0 : a.path < b.path ? -1 : 1;
}

/** The runs of a cursor as a table that listings are counted into; behind the last lies what was never read. */
export class Ledger {
  readonly #runs: OpenRun[];
  readonly #found: Tally[];

  constructor(cursor: FolderCursor | null) {
    this.#runs = (cursor?.runs ?? []).map(([ctimeNs, path, count, sum]) => ({
      end: { ctimeNs: BigInt(ctimeNs), path },
      count,
      sum: BigInt(`0x${sum}`),
    }));
    this.#found = [...this.#runs, null].map(() => ({ count: 0, sum: 0n }));
  }

  /** Index of the run where a file belongs; `length` of the runs for what lies ahead of all. */
  runOf(at: Position): number {
    let [low, high] = [0, this.#runs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.#runs[middle]!.end, at) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Counts a listed file. */
  count(file: Placed): void {
    add(this.#found[this.runOf(file)]!, file.print);
  }

  isAhead(at: Position): boolean {
    return this.runOf(at) === this.#runs.length;
  }

  /** After the listing: runs that hold files which have to be read. */
  unread(): ReadonlySet<number> {
    const unread = new Set<number>();
    for (const [index, found] of this.#found.entries()) {
      const known = this.#runs[index];
      if (found.count > 0 && (known?.count !== found.count || known.sum !== found.sum)) unread.add(index);
    }
    return unread;
  }

  /**
   * The cursor when all unread files up to and including `until` were handled.
   * @param read those that were read or refused, in reading order; what vanished or changed meanwhile is not among them
   */
  advance(unread: ReadonlySet<number>, read: readonly Placed[], until: Position | null): Run[] {
    const runs: OpenRun[] = [];
    let next = 0;
    for (let index = 0; index <= this.#runs.length; index++) {
      const old = this.#runs[index];
      if (!unread.has(index)) {
        if (old) runs.push({ end: old.end, ...this.#found[index]! });
        continue;
      }
      for (; next < read.length && this.runOf(read[next]!) === index; next++) append(runs, read[next]!);
      if (!old || (until !== null && compare(old.end, until) <= 0)) {
        if (old) runs.push({ end: old.end, count: 0, sum: 0n });
        continue;
      }
      runs.push({ end: old.end, count: -1, sum: 0n });
    }
    return compact(runs).map(({ end, count, sum }) => [`${end.ctimeNs}`, end.path, count, sum.toString(16)]);
  }
}

function append(runs: OpenRun[], file: Placed): void {
  const run: OpenRun = { end: { ctimeNs: file.ctimeNs, path: file.path }, count: 0, sum: 0n };
  add(run, file.print);
  runs.push(run);
}

function add(tally: Tally, print: bigint): void {
  tally.count++;
  tally.sum = (tally.sum + print) & MOD;
}

/** Joins neighbours, so that about `RUNS` of them remain however many files there are. */
function compact(runs: readonly OpenRun[]): OpenRun[] {
  const total = runs.reduce((sum, run) => sum + Math.max(0, run.count), 0);
  const most = Math.max(SMALLEST_RUN, Math.ceil(total / RUNS));
  const joined: OpenRun[] = [];
  for (const run of runs) {
    const last = joined.at(-1);
    const sameState = last !== undefined && last.count < 0 === run.count < 0;
    if (last && sameState && last.count + run.count <= most) {
      last.end = run.end;
      last.count = Math.max(-1, last.count + run.count);
      last.sum = (last.sum + run.sum) & MOD;
    } else joined.push({ ...run });
  }
  return joined;
}
