/** A row as an item: canonical JSON of column → text or null. Bytes become a `data:` URI (RFC 2397). */
import { canonicalBytes, canonicalJson } from '../../../core/json.ts';
import type { RefusedItem, SourceItem } from '../../../core/types.ts';
import { HEAD_BYTES } from '../../shared/folder-split.ts';
import { keyText } from '../row-key.ts';
import type { SqlConfig } from './config.ts';
import type { Column } from './driver.ts';
import type { PageRow } from './query.ts';

export function itemOf(
  config: SqlConfig,
  columns: readonly Column[],
  row: PageRow,
  itemBytes: number,
): SourceItem | RefusedItem {
  const keyed = config.watermark === undefined ? row.position : row.position.slice(1);
  const common = {
    sourceKey: `${config.view}#${keyText(keyed)}`,
    kind: 'table',
    receivedAt: new Date().toISOString(),
  } as const;
  const refuse = (code: RefusedItem['code'], detail: string, size: number): RefusedItem => {
    const head = Buffer.from(canonicalJson(looseRow(columns, row))).subarray(0, HEAD_BYTES);
    return { type: 'refused', ...common, size, head, code, detail };
  };
  if (row.size > itemBytes) return refuse('source.too-large', `the row is larger than ${itemBytes} bytes`, row.size);
  let bytes: Uint8Array;
  try {
    bytes = canonicalBytes(strictRow(columns, row, config.charset));
  } catch {
    return refuse('item.charset', 'text of the row is not in the declared character set', row.size);
  }
  if (bytes.length > itemBytes) {
    return refuse('source.too-large', `the row is larger than ${itemBytes} bytes`, bytes.length);
  }
  return { type: 'item', ...common, charset: 'utf-8', bytes };
}

type JsonRow = Record<string, string | null>;

/** @throws TypeError for bytes that are not of the character set */
function strictRow(columns: readonly Column[], row: PageRow, charset = 'utf-8'): JsonRow {
  const decoder = new TextDecoder(charset, { fatal: true, ignoreBOM: true });
  return rowOf(columns, row, (bytes) => decoder.decode(bytes));
}

/** For the person who clears the dead letter. */
function looseRow(columns: readonly Column[], row: PageRow): JsonRow {
  return rowOf(columns, row, (bytes) => Buffer.from(bytes).toString('latin1'));
}

function rowOf(columns: readonly Column[], { cells }: PageRow, decode: (bytes: Uint8Array) => string): JsonRow {
  const object: JsonRow = Object.create(null);
  for (const [index, { name, family }] of columns.entries()) {
    const cell = cells[index] ?? null;
    if (!(cell instanceof Uint8Array)) object[name] = cell;
    else object[name] = family === 'text' ? decode(cell) : `data:;base64,${Buffer.from(cell).toString('base64')}`;
  }
  return object;
}
