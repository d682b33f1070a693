/** A code map: which code of one system is which code of another; as CSV for people who fill it in a spreadsheet. */
import { BridgeError } from '../../core/errors.ts';
import { readCsv, writeCsv } from './csv.ts';
import { systemUri } from './systems.ts';

/** R4 value set concept-map-equivalence. */
export const EQUIVALENCES = [
  'relatedto',
  'equivalent',
  'equal',
  'wider',
  'subsumes',
  'narrower',
  'specializes',
  'inexact',
  'unmatched',
  'disjoint',
] as const;

export type Equivalence = (typeof EQUIVALENCES)[number];

export interface CodeRow {
  /** URI; empty where the map's user gives it. */
  readonly sourceSystem: string;
  readonly sourceCode: string;
  readonly sourceDisplay?: string;
  readonly targetSystem: string;
  /** Absent while nobody has decided, and where nothing matches. */
  readonly targetCode?: string;
  readonly targetDisplay?: string;
  readonly equivalence: Equivalence;
  /** How often the code was met, in a work list. */
  readonly count?: number;
}

const LONG = [
  'source_system',
  'source_code',
  'source_display',
  'target_system',
  'target_code',
  'target_display',
  'equivalence',
];

/**
 * The long form (`source_system,source_code,source_display,target_system,target_code,target_display,equivalence[,count]`) or the
 * short one of the mapping language (`source,target[,display[,system]]`). Systems may be OIDs or known names and become URIs.
 * @throws BridgeError item.format with the line
 */
export function readCodeCsv(text: string): CodeRow[] {
  const { columns, rows } = readCsv(text);
  const isShort = columns.includes('source') && columns.includes('target');
  if (!isShort && !columns.includes('source_code'))
    throw new BridgeError('item.format', 'the header line names neither source and target nor source_code', {
      hint: `the columns are ${LONG.join(',')}`,
    });
  const made = rows.map(({ line, cells }) => (isShort ? shortRow(cells) : longRow(cells, line)));
  for (const [index, { sourceCode }] of made.entries())
    if (sourceCode === '') throw new BridgeError('item.format', `line ${rows[index]!.line} has no source code`);
  return made;
}

function shortRow(cells: Readonly<Record<string, string>>): CodeRow {
  const { source = '', target, display, system = '' } = cells;
  return {
    sourceSystem: '',
    sourceCode: source,
    targetSystem: systemUri(system),
    ...(target ? { targetCode: target } : {}),
    ...(display ? { targetDisplay: display } : {}),
    equivalence: target ? 'equivalent' : 'unmatched',
  };
}

function longRow(cells: Readonly<Record<string, string>>, line: number): CodeRow {
  const target = cells.target_code;
  const said = cells.equivalence || (target ? 'equivalent' : 'unmatched');
  const equivalence = EQUIVALENCES.find((known) => known === said);
  if (!equivalence)
    throw new BridgeError('item.format', `line ${line} has an equivalence that R4 does not know`, {
      hint: `one of ${EQUIVALENCES.join(', ')}`,
    });
  const count = Number(cells.count);
  return {
    sourceSystem: systemUri(cells.source_system ?? ''),
    sourceCode: cells.source_code ?? '',
    ...(cells.source_display ? { sourceDisplay: cells.source_display } : {}),
    targetSystem: systemUri(cells.target_system ?? ''),
    ...(target ? { targetCode: target } : {}),
    ...(cells.target_display ? { targetDisplay: cells.target_display } : {}),
    equivalence,
    ...(cells.count && Number.isInteger(count) ? { count } : {}),
  };
}

/** The long form; a work list has `count` as its last column. */
export function writeCodeCsv(rows: readonly CodeRow[]): string {
  const counted = rows.some(({ count }) => count !== undefined);
  return writeCsv(
    counted ? [...LONG, 'count'] : LONG,
    rows.map((row) => ({
      source_system: row.sourceSystem,
      source_code: row.sourceCode,
      source_display: row.sourceDisplay,
      target_system: row.targetSystem,
      target_code: row.targetCode,
      target_display: row.targetDisplay,
      equivalence: row.targetCode === undefined && row.equivalence === 'unmatched' ? '' : row.equivalence,
      count: row.count,
    })),
  );
}

/** The short form, which a map names under `codes`: decided rows only. */
export function writeShortCsv(rows: readonly CodeRow[]): string {
  return writeCsv(
    ['source', 'target', 'display', 'system'],
    decided(rows).map((row) => ({
      source: row.sourceCode,
      target: row.targetCode,
      display: row.targetDisplay,
      system: row.targetSystem,
    })),
  );
}

/** Rows by which a code may be replaced: someone has named a target that is not said to be disjoint. */
export function decided(rows: readonly CodeRow[]): CodeRow[] {
  return rows.filter(
    ({ targetCode, equivalence }) => targetCode && equivalence !== 'disjoint' && equivalence !== 'unmatched',
  );
}
