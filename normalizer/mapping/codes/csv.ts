/** A code map as CSV: a header line that names `source`, `target` and, if wanted, `display` and `system`. RFC 4180. */
import type { CodeEntry } from './code-map.ts';

export interface CodeFileFault {
  /** From 1. */
  readonly line: number;
  readonly message: string;
  readonly hint: string;
}

export interface CodeFile {
  readonly entries: readonly CodeEntry[];
  readonly faults: readonly CodeFileFault[];
}

const COLUMNS = ['source', 'target', 'display', 'system'];
const MAX_ENTRIES = 500_000;

export function parseCodeCsv(text: string): CodeFile {
  const rows = readCsv(text.replace(/^\uFEFF/, ''));
  const header = rows[0]?.fields.map((name) => name.trim().toLowerCase()) ?? [];
  const at = (name: string) => header.indexOf(name);
  const unknown = header.find((name) => !COLUMNS.includes(name));
  if (at('source') < 0 || at('target') < 0 || unknown !== undefined) {
    const hint = `the first line names the columns: ${COLUMNS.join(',')}`;
    return { entries: [], faults: [{ line: 1, message: 'the header line is not that of a code map', hint }] };
  }
  const entries: CodeEntry[] = [];
  const faults: CodeFileFault[] = [];
  for (const { fields, line } of rows.slice(1, MAX_ENTRIES)) {
    const value = (name: string) => (at(name) < 0 ? undefined : fields[at(name)]?.trim() || undefined);
    const [source, code, display, system] = COLUMNS.map(value);
    if (fields.length !== header.length)
      faults.push({
        line,
        message: `the line has ${fields.length} fields, the header ${header.length}`,
        hint: 'quote fields with commas',
      });
    else if (source !== undefined && code !== undefined)
      entries.push({ source, line, target: { code, ...(display ? { display } : {}), ...(system ? { system } : {}) } });
    else if (source === undefined)
      faults.push({ line, message: 'the line has no source code', hint: 'fill it or delete the line' });
    // A source without a target is a line of a work list that nobody has filled yet.
  }
  return { entries, faults };
}

interface Row {
  readonly fields: string[];
  readonly line: number;
}

function readCsv(text: string): Row[] {
  const rows: Row[] = [];
  let fields: string[] = [];
  let line = 1;
  let start = 1;
  const token = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    // A stray quote: the rest of the line is one field, whose number then tells the fault.
    if (!match) break;
    const [whole, quoted, plain, end] = match;
    fields.push(quoted === undefined ? plain! : quoted.replaceAll('""', '"'));
    line += (whole.match(/\r\n|\n|\r/g) ?? []).length;
    if (end === ',') {
      if (token.lastIndex >= text.length) fields.push('');
      continue;
    }
    if (fields.length > 1 || fields[0] !== '') rows.push({ fields, line: start });
    fields = [];
    start = line;
  }
  if (fields.length > 0) rows.push({ fields, line: start });
  if (token.lastIndex === 0 && text !== '' && rows.length > 0) rows.push({ fields: [], line: start });
  return rows;
}
