/** What each column may mean: by its name, by the dictionary of data elements, and by the shapes of its values. */
import type { ColumnProfile } from '../profile/column.ts';
import { fieldsOf } from '../words.ts';
import type { FieldName } from '../words-table.ts';

export interface Guess {
  readonly column: string;
  readonly field: FieldName;
  /** 0 to 1. */
  readonly score: number;
  readonly reasons: readonly string[];
}

/** From this score on a suggestion is written into the map; below, it is written as a comment. */
export const SURE = 0.6;
const WORTH_SAYING = 0.3;

/** Types (see `shapes.ts`) that values of a field have. A field that is not here may have any. */
const TYPES: Partial<Record<FieldName, readonly string[]>> = {
  'id card': ['id card'],
  'birth date': ['date', 'time'],
  'sampled at': ['time', 'date'],
  'received at': ['time', 'date'],
  'tested at': ['time', 'date'],
  'reported at': ['time', 'date'],
  'updated at': ['time', 'date'],
  sex: ['sex', 'number', 'code'],
  phone: ['phone', 'number'],
  unit: ['unit', 'text', 'code'],
  'reference range': ['range', 'result', 'text', 'mixed'],
  'reference low': ['number'],
  'reference high': ['number'],
  result: ['number', 'result', 'mixed', 'graded result', 'text'],
  flag: ['flag', 'code', 'mixed', 'text', 'number'],
  'patient name': ['text'],
  'item name': ['text', 'mixed'],
  'item code': ['code', 'number', 'text'],
  height: ['number'],
  weight: ['number'],
  temperature: ['number'],
  pulse: ['number'],
  'systolic pressure': ['number'],
  'diastolic pressure': ['number'],
};

/** A type that tells the field by itself. */
const BY_TYPE: Readonly<Record<string, readonly [FieldName, number]>> = {
  'id card': ['id card', 0.85],
  phone: ['phone', 0.55],
  unit: ['unit', 0.5],
  range: ['reference range', 0.5],
  flag: ['flag', 0.5],
  sex: ['sex', 0.6],
};

/** Data elements of WS 363 (OID 2.16.156.10011.2.2.1), which some exports use as column names. */
const ELEMENTS: Readonly<Record<string, FieldName>> = {
  'DE05.01.024': 'diagnosis code',
  'DE05.01.025': 'diagnosis',
  'DE04.10.174': 'systolic pressure',
  'DE04.10.176': 'diastolic pressure',
  'DE04.10.118': 'pulse',
  'DE04.10.186': 'temperature',
  'DE04.10.188': 'weight',
};

/** Each column and each field once, the best pairs first. What is below 0.3 is not said. */
export function guess(columns: readonly ColumnProfile[]): Guess[] {
  const candidates = columns.flatMap(candidatesOf).sort((a, b) => b.score - a.score);
  const columnsTaken = new Set<string>();
  const fieldsTaken = new Set<string>();
  return candidates.filter(({ column, field, score }) => {
    if (score < WORTH_SAYING || columnsTaken.has(column) || fieldsTaken.has(field)) return false;
    columnsTaken.add(column);
    fieldsTaken.add(field);
    return true;
  });
}

function candidatesOf(column: ColumnProfile): Guess[] {
  const made = new Map<FieldName, { score: number; reasons: string[] }>();
  const element = ELEMENTS[column.place.slice(0, 11).toUpperCase()];
  if (element) made.set(element, { score: 0.95, reasons: [`${column.place} is a data element of WS 363`] });
  for (const { field, score, reason } of fieldsOf(column.place))
    made.set(field as FieldName, { score, reasons: [reason] });
  const [typed, typeScore] = BY_TYPE[column.type] ?? [];
  if (typed && !made.has(typed)) made.set(typed, { score: typeScore!, reasons: [] });
  return [...made].map(([field, { score, reasons }]) => judged(column, field, score, reasons));
}

function judged(column: ColumnProfile, field: FieldName, score: number, reasons: readonly string[]): Guess {
  const wanted = TYPES[field];
  if (column.count === 0)
    return { column: column.place, field, score: score * 0.6, reasons: [...reasons, 'it holds no value'] };
  if (!wanted) return { column: column.place, field, score, reasons };
  const share = Math.floor((Math.max(...Object.values(column.shapes)) / column.count) * 100);
  const shape = `${share} % of the values are “${Object.keys(column.shapes)[0]}”`;
  const fits = wanted.includes(column.type);
  // A telling shape makes an ambiguous name sure; a wrong one outweighs any name.
  const telling = fits && wanted.length <= 2;
  const after = fits ? Math.min(0.99, score + (telling ? 0.15 : 0.05)) : score * 0.4;
  return { column: column.place, field, score: after, reasons: [...reasons, fits ? shape : `but ${shape}`] };
}
