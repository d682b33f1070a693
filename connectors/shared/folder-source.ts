/** A source that is a folder of files; what a file holds is the caller's `split`. */
import type { Checkpoint, ReadLimits, RefusedItem, Source, SourceItem, SourceKind } from '../../core/types.ts';
import { Archive } from './archive.ts';
import { checkFolder } from './folder-check.ts';
import type { FolderConfig } from './folder-config.ts';
import type { FolderCursor, Placed } from './folder-cursor.ts';
import { type Listing, listFolder } from './folder-listing.ts';
import { entryOf, type OpenFile, type Resume, type SplitFile, START } from './folder-split.ts';
import { type OpenedFile, openFile } from './open-file.ts';

export interface FolderSourceOptions {
  readonly kind: SourceKind;
  readonly folder: FolderConfig;
  /** Declared by the configuration. */
  readonly charset?: string;
  readonly split: SplitFile;
}

type Entry = SourceItem | RefusedItem;
type Read = AsyncGenerator<Entry | Checkpoint<FolderCursor>>;

export function folderSource(options: FolderSourceOptions): Source<FolderCursor> {
  const reader = new FolderReader(options);
  return {
    check: () => checkFolder(options.folder),
    read: (cursor, limits, signal) => reader.read(cursor, limits, signal),
    settle: (keys, outcome) => reader.archive.settle(keys, outcome),
    close: async () => {},
  };
}

/** What is left of the last listing, valid for whoever comes back with the cursor given out after it. */
interface Rest {
  readonly cursor: string;
  readonly listing: Listing;
  /** Files of the listing that are done, in order. */
  readonly read: Placed[];
  readonly next: number;
}

class FolderReader {
  readonly archive: Archive;
  readonly #options: FolderSourceOptions;
  readonly #root: Buffer;
  #rest: Rest | null = null;

  constructor(options: FolderSourceOptions) {
    this.#options = options;
    this.#root = Buffer.from(options.folder.path);
    this.archive = new Archive(options.folder);
  }

  async *read(cursor: FolderCursor | null, limits: ReadLimits, signal: AbortSignal): Read {
    const rest = this.#rest?.cursor === JSON.stringify(cursor) ? this.#rest : null;
    this.#rest = null;
    const { ledger, unread, files } = rest?.listing ?? (await listFolder(this.#options.folder, cursor, signal));
    const read = rest?.read ?? [];
    const budget = new Budget(limits);
    let open = cursor?.open;
    let next = rest?.next ?? 0;
    for (; next < files.length; next++) {
      const file = files[next]!;
      if (budget.spent()) break;
      signal.throwIfAborted();
      const from: Resume = open?.print === file.print.toString(16) ? open : START;
      const end = yield* this.#readFile(file, from, limits, budget, signal);
      if (end !== 'done' && end !== 'left') {
        open = { print: file.print.toString(16), offset: end.offset, count: end.count };
        break;
      }
      if (from !== START) open = undefined;
      if (end === 'done') read.push(file);
    }
    const runs = ledger.advance(unread, read, files[next - 1] ?? null);
    const at: FolderCursor = open && next < files.length ? { format: 1, runs, open } : { format: 1, runs };
    if (next < files.length) {
      this.#rest = { cursor: JSON.stringify(at), listing: { ledger, unread, files }, read, next };
    }
    // The rest of an old listing held nothing more: that is no proof that the folder holds nothing.
    if (rest && budget.untouched) yield* this.read(at, limits, signal);
    else yield { type: 'checkpoint', cursor: at };
  }

  /** @returns `done`, `left` for a file that vanished or is being changed, or where to go on when the budget is spent */
  async *#readFile(file: Placed, from: Resume, limits: ReadLimits, budget: Budget, signal: AbortSignal) {
    const key = file.path;
    const opened = await openFile(this.#root, file, key);
    if (opened === 'gone') return 'left';
    if (opened === 'unreadable') {
      yield this.#refused(file, `${key}${file.entry.closed ? '/' : ''}`, 'source.unreadable', UNREADABLE);
      budget.spend(0);
      return 'done';
    }
    try {
      if (opened.size === 0) {
        yield this.#refused(file, key, 'source.empty', 'the file is empty');
        budget.spend(0);
        return 'done';
      }
      return yield* this.#pieces(file, opened, from, limits, budget, signal);
    } finally {
      await opened.close();
    }
  }

  async *#pieces(
    file: Placed,
    opened: OpenedFile,
    from: Resume,
    limits: ReadLimits,
    budget: Budget,
    signal: AbortSignal,
  ) {
    const { split, folder } = this.#options;
    const pieces = split(readable(opened), from, limits.itemBytes)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const step = await pieces.next();
        signal.throwIfAborted();
        if (step.done) break;
        if (await opened.changed()) return 'left';
        const piece = step.value;
        yield entryOf(
          piece,
          { key: opened.key, kind: this.#options.kind, receivedAt: receivedAt(file) },
          this.#options.charset,
        );
        this.archive.saw(opened.key, file, piece);
        budget.spend('bytes' in piece ? piece.bytes.length : piece.head.length);
        if (budget.spent() && piece.resume.offset < opened.size) return piece.resume;
      }
    } catch (error) {
      if (!(error instanceof ReadFailed)) throw error;
      yield this.#refused(file, opened.key, 'source.unreadable', UNREADABLE);
      budget.spend(0);
      return 'done';
    } finally {
      await pieces.return?.();
    }
    if (folder.afterRead === 'archive') this.archive.complete(opened.key);
    return 'done';
  }

  #refused(file: Placed, sourceKey: string, code: RefusedItem['code'], detail: string): RefusedItem {
    const { kind } = this.#options;
    const head = new Uint8Array();
    return {
      type: 'refused',
      sourceKey,
      kind,
      receivedAt: receivedAt(file),
      size: file.entry.size,
      head,
      code,
      detail,
    };
  }
}

const UNREADABLE = 'it may not be read, or reading it failed';

/** The file system failed, not the splitter. */
class ReadFailed extends Error {}

function readable(opened: OpenedFile): OpenFile {
  const read = async (offset: number, length: number) => {
    try {
      return await opened.read(offset, length);
    } catch (cause) {
      throw new ReadFailed('', { cause });
    }
  };
  return { key: opened.key, size: opened.size, read };
}

/** When the file came to rest in its folder: stable over re-reads. */
function receivedAt(file: Placed): string {
  return new Date(Number(file.entry.ctimeNs / 1_000_000n)).toISOString();
}

class Budget {
  #items: number;
  #bytes: number;

  constructor(limits: ReadLimits) {
    this.#items = limits.items;
    this.#bytes = limits.bytes;
  }

  untouched = true;

  spend(bytes: number): void {
    this.untouched = false;
    this.#items--;
    this.#bytes -= bytes;
  }

  spent(): boolean {
    return this.#items <= 0 || this.#bytes <= 0;
  }
}
