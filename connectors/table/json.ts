/** JSON records: each becomes its canonical JSON, with number text kept. */
import { canonicalBytes, isNumber, numberText, parseLossless } from '../../core/json.ts';
import { layoutOf } from '../shared/characters.ts';
import {
  type OpenFile,
  type Piece,
  type Resume,
  readRange,
  refusedRange,
  type SplitFile,
} from '../shared/folder-split.ts';
import type { TableConfig } from './config.ts';
import { elementRanges, type JsonRange, lineRanges } from './json-records.ts';
import { keyText } from './row-key.ts';

const FAULTS: Readonly<Record<NonNullable<JsonRange['fault']>, string>> = {
  'no array': 'the file is neither an array nor an object',
  'behind the array': 'content stands behind the end of the array',
  'no end': 'the file ends within the array',
  'too deep': 'the record is nested too deeply',
};

export function jsonSplitter(config: TableConfig, format: 'json' | 'ndjson'): SplitFile {
  return (file, from, itemBytes) => split(file, from, itemBytes, config, format);
}

async function* split(
  file: OpenFile,
  from: Resume,
  itemBytes: number,
  { encoding, key }: TableConfig,
  format: 'json' | 'ndjson',
): AsyncGenerator<Piece> {
  const layout = await layoutOf(file, encoding);
  const ranges =
    format === 'ndjson' ? lineRanges(file, layout, from.offset) : elementRanges(file, layout, encoding, from.offset);
  let count = from.count;
  for await (const range of ranges) {
    count++;
    const resume = { offset: range.end, count };
    const refuse = async (
      code: 'item.format' | 'item.charset' | 'item.truncated' | 'source.too-large',
      detail: string,
    ) => ({
      suffix: `#${count}`,
      resume,
      ...(await refusedRange(file, range, code, detail)),
    });
    if (range.fault)
      yield await refuse(range.fault === 'no end' ? 'item.truncated' : 'item.format', FAULTS[range.fault]);
    else if (range.end - range.start > itemBytes)
      yield await refuse('source.too-large', 'larger than limits.itemBytes');
    else {
      const bytes = await readRange(file, range.start, range.end);
      const record = recordOf(bytes, layout.charset ?? encoding, key);
      if ('refused' in record) yield await refuse(record.refused, record.detail);
      else yield { suffix: `#${record.key ?? count}`, resume, bytes: record.bytes, charset: 'utf-8' };
    }
  }
}

type Parsed =
  | { readonly key: string | null; readonly bytes: Uint8Array }
  | { readonly refused: 'item.format' | 'item.charset'; readonly detail: string };

function recordOf(bytes: Uint8Array, charset: string, key: TableConfig['key']): Parsed {
  let text: string;
  try {
    text = new TextDecoder(charset, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { refused: 'item.charset', detail: 'the record is not in the declared encoding' };
  }
  try {
    const record = parseLossless(text);
    if (typeof record === 'object' && record !== null && !Array.isArray(record) && !isNumber(record)) {
      return keyed(record as Record<string, unknown>, key);
    }
  } catch {
    // Falls through: a syntax error may quote the record.
  }
  return { refused: 'item.format', detail: 'the record is no JSON object' };
}

/** One record as an item; without key columns its number stands in for the key. */
export function keyed(record: Readonly<Record<string, unknown>>, key: TableConfig['key']): Parsed {
  const values = key?.map((column) => scalarText(Object.hasOwn(record, column) ? record[column] : null));
  if (values?.every((value) => value === '')) {
    return { refused: 'item.format', detail: 'the key of the record is empty' };
  }
  return { key: values ? keyText(values) : null, bytes: canonicalBytes(record) };
}

function scalarText(value: unknown): string {
  if (isNumber(value)) return numberText(value);
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}
