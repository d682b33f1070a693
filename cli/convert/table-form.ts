/** How a file of records that nobody described is written: its format, character set and the sign between its fields. */
import type { OpenFile } from '../../connectors/shared/folder-split.ts';

/** What is declared on the command line. */
export interface TableSaid {
  readonly charset?: string | undefined;
  readonly delimiter?: string | undefined;
  /** For XML: names of the elements that are records, from the root on. */
  readonly record?: string | undefined;
}

/** A part of the config of a table feed. */
export interface TableForm {
  readonly format: 'csv' | 'json' | 'ndjson' | 'xml';
  readonly encoding: string;
  readonly delimiter: string;
  readonly record?: string;
}

const SAMPLE = 1 << 20;
const DELIMITERS = [',', '\t', ';', '|'];

/** Character set: what is declared, else a byte order mark, else UTF-8 where the beginning is strictly so, else GB18030. */
export async function tableForm(file: OpenFile, said: TableSaid): Promise<TableForm> {
  const bytes = await file.read(0, SAMPLE);
  const encoding = said.charset ?? encodingOf(bytes);
  const [header = ''] = new TextDecoder(encoding).decode(bytes).split(/\r\n|\r|\n/, 1);
  const format = formatOf(file.key, said.record);
  return {
    format,
    encoding,
    delimiter: said.delimiter ?? delimiterOf(header),
    ...(format === 'xml' && said.record ? { record: said.record } : {}),
  };
}

function formatOf(key: string, record: string | undefined): TableForm['format'] {
  if (record !== undefined || /\.xml$/i.test(key)) return 'xml';
  if (/\.(?:ndjson|jsonl)$/i.test(key)) return 'ndjson';
  return /\.json$/i.test(key) ? 'json' : 'csv';
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  try {
    // `stream` forgives a character that the sample cuts.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return 'utf-8';
  } catch {
    return 'gb18030';
  }
}

/** The one that divides the header line most often. */
function delimiterOf(header: string): string {
  return DELIMITERS.reduce((best, sign) => (header.split(sign).length > header.split(best).length ? sign : best));
}
