/** One item a row: canonical JSON of its columns as text. Bytes of a row are decoded strictly. */
import { canonicalBytes } from '../../core/json.ts';
import { type Layout, layoutOf } from '../shared/characters.ts';
import {
  type OpenFile,
  type Piece,
  type Resume,
  readRange,
  refusedRange,
  type SplitFile,
} from '../shared/folder-split.ts';
import type { TableConfig } from './config.ts';
import { fieldsOf, type RecordRange, records } from './records.ts';
import { keyText } from './row-key.ts';

export function rowSplitter(config: TableConfig): SplitFile {
  return (file, from, itemBytes) => split(file, from, itemBytes, config);
}

async function* split(file: OpenFile, from: Resume, itemBytes: number, config: TableConfig): AsyncGenerator<Piece> {
  const layout = await layoutOf(file, config.encoding);
  const table = new Table(file, layout, itemBytes, config);
  const header = config.columns ? { columns: config.columns, end: layout.start } : await table.header();
  if ('refused' in header) {
    yield { suffix: '', resume: { offset: file.size, count: 0 }, ...header };
    return;
  }
  let count = from.count;
  for await (const range of table.ranges(Math.max(from.offset, header.end))) {
    count++;
    yield { ...(await table.row(range, header.columns, count)), resume: { offset: range.end, count } };
  }
}

type Refusal = Awaited<ReturnType<typeof refusedRange>>;
type Row = { suffix: string } & ({ bytes: Uint8Array; charset: string } | Refusal);

class Table {
  readonly #file: OpenFile;
  readonly #layout: Layout;
  readonly #itemBytes: number;
  readonly #config: TableConfig;

  constructor(file: OpenFile, layout: Layout, itemBytes: number, config: TableConfig) {
    this.#file = file;
    this.#layout = layout;
    this.#itemBytes = itemBytes;
    this.#config = config;
  }

  ranges(start: number): AsyncGenerator<RecordRange> {
    return records(this.#file, this.#layout, this.#config.delimiter.charCodeAt(0), start, this.#itemBytes);
  }

  /** The first line; without a usable one no row of the file means anything. */
  async header(): Promise<{ columns: readonly string[]; end: number } | Refusal> {
    for await (const range of this.ranges(this.#layout.start)) {
      const columns = await this.#fields(range);
      if (!Array.isArray(columns)) return this.#refuseFile('the header line cannot be read');
      const fault = headerFault(columns, this.#config.key ?? []);
      return fault ? this.#refuseFile(fault) : { columns, end: range.end };
    }
    return this.#refuseFile('the file holds no header line');
  }

  async row(range: RecordRange, columns: readonly string[], number: number): Promise<Row> {
    const fields = await this.#fields(range);
    if (!Array.isArray(fields)) return { suffix: `#${number}`, ...fields };
    if (fields.length !== columns.length) {
      const detail = `the row has ${fields.length} fields where ${columns.length} columns are named`;
      return { suffix: `#${number}`, ...(await refusedRange(this.#file, range, 'item.format', detail)) };
    }
    const row: Record<string, string> = Object.create(null);
    for (const [index, column] of columns.entries()) row[column] = fields[index]!;
    const key = this.#config.key?.map((column) => row[column]!);
    if (key?.every((value) => value === '')) {
      const detail = 'the key columns of the row are empty';
      return { suffix: `#${number}`, ...(await refusedRange(this.#file, range, 'item.format', detail)) };
    }
    return { suffix: `#${key ? keyText(key) : number}`, bytes: canonicalBytes(row), charset: 'utf-8' };
  }

  async #fields(range: RecordRange): Promise<string[] | Refusal> {
    const refuse = (code: Refusal['refused'], detail: string) => refusedRange(this.#file, range, code, detail);
    if (range.end - range.start > this.#itemBytes) return refuse('source.too-large', 'larger than limits.itemBytes');
    if (range.broken) return refuse('item.format', 'a quoted field of the row does not end');
    const bytes = await readRange(this.#file, range.start, range.end);
    try {
      const text = new TextDecoder(this.#layout.charset ?? this.#config.encoding, { fatal: true, ignoreBOM: true });
      return fieldsOf(text.decode(bytes), this.#config.delimiter);
    } catch {
      return refuse('item.charset', 'the row is not in the declared encoding');
    }
  }

  #refuseFile(detail: string): Promise<Refusal> {
    return refusedRange(this.#file, { start: 0, end: this.#file.size }, 'item.format', detail);
  }
}

function headerFault(columns: readonly string[], key: readonly string[]): string | null {
  if (columns.includes('')) return 'the header line leaves a column without a name';
  if (new Set(columns).size < columns.length) return 'the header line names a column twice';
  return key.every((column) => columns.includes(column)) ? null : 'a key column is not in the header line';
}
