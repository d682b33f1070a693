/** Code tables as CSV (RFC 4180), small enough to be held whole. */
import { BridgeError } from '../../core/errors.ts';

export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
}

export interface CsvRow {
  /** From 1, for messages. */
  readonly line: number;
  readonly cells: Readonly<Record<string, string>>;
}

/** @throws BridgeError item.format with the line */
export function readCsv(text: string): CsvTable {
  const [header, ...records] = recordsOf(text.replace(/^\uFEFF/, ''));
  if (!header) throw new BridgeError('item.format', 'the code table has no header line');
  const columns = header.cells.map((cell) => cell.trim());
  const rows = records
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
    .map(({ line, cells }) => {
      if (cells.length > columns.length)
        throw new BridgeError('item.format', `line ${line} has ${cells.length} fields under ${columns.length} names`, {
          hint: 'put a field that holds a comma into double quotes',
        });
      return { line, cells: Object.fromEntries(columns.map((name, index) => [name, (cells[index] ?? '').trim()])) };
    });
  return { columns, rows };
}

export function writeCsv(
  columns: readonly string[],
  rows: Iterable<Readonly<Record<string, string | number | undefined>>>,
): string {
  let out = `${columns.join(',')}\n`;
  for (const row of rows) out += `${columns.map((name) => quoted(String(row[name] ?? ''))).join(',')}\n`;
  return out;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function* recordsOf(text: string): Generator<{ line: number; cells: string[] }> {
  const field = /"((?:[^"]|"")*)"(,|\r\n|\r|\n|$)|([^,\r\n]*)(,|\r\n|\r|\n|$)/y;
  let line = 1;
  let start = 1;
  let cells: string[] = [];
  for (let at = 0; at < text.length || cells.length > 0; at = field.lastIndex) {
    field.lastIndex = at;
    const match = field.exec(text);
    if (!match) throw new BridgeError('item.format', `line ${line} has text behind a closing quote`);
    if (match[3]?.startsWith('"'))
      throw new BridgeError('item.format', `line ${line} opens a quote that is not closed, or has text behind it`);
    const end = match[2] ?? match[4]!;
    cells.push(match[1] === undefined ? match[3]! : match[1].replaceAll('""', '"'));
    line += match[0].split(/\r\n|\r|\n/).length - 1;
    if (end === ',') continue;
    yield { line: start, cells };
    cells = [];
    start = line;
    if (field.lastIndex >= text.length) return;
  }
}
