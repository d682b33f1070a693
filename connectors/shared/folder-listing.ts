/** Compares a folder with a cursor: which files are to be read, in order, at most so many at once. */
import type { FolderConfig } from './folder-config.ts';
import { compare, type FolderCursor, Ledger, type Placed, place } from './folder-cursor.ts';
import { walkFolder } from './folder-walk.ts';

/** So many files are held between two listings; about 10 MiB. */
const MOST = 32_768;

export interface Listing {
  readonly ledger: Ledger;
  readonly unread: ReadonlySet<number>;
  /** The first files to read, in reading order. */
  readonly files: readonly Placed[];
}

/** One pass where nothing came late, two where something did. */
export async function listFolder(
  folder: FolderConfig,
  cursor: FolderCursor | null,
  signal: AbortSignal,
): Promise<Listing> {
  const ledger = new Ledger(cursor);
  const ahead = new Smallest();
  for await (const entry of walkFolder(folder, signal)) {
    const file = place(entry);
    ledger.count(file);
    if (ledger.isAhead(file)) ahead.offer(file);
  }
  const unread = ledger.unread();
  if ([...unread].every((run) => run === cursor?.runs.length || cursor === null)) {
    return { ledger, unread, files: ahead.take() };
  }
  const late = new Smallest();
  for await (const entry of walkFolder(folder, signal)) {
    const file = place(entry);
    if (unread.has(ledger.runOf(file))) late.offer(file);
  }
  return { ledger, unread, files: late.take() };
}

/** Keeps the smallest files of a stream: sorts and cuts whenever twice the number has gathered. */
class Smallest {
  #files: Placed[] = [];
  #full = false;

  offer(file: Placed): void {
    if (this.#full && compare(file, this.#files[MOST - 1]!) > 0) return;
    this.#files.push(file);
    if (this.#files.length >= 2 * MOST) this.#cut();
  }

  take(): readonly Placed[] {
    this.#cut();
    return this.#files;
  }

  #cut(): void {
    this.#files.sort(compare);
    if (this.#files.length > MOST) {
      this.#full = true;
      this.#files.length = MOST;
    }
  }
}
