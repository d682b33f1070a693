/** `dhc map profile`: what a source holds, place by place, in one pass with bounded memory. */
import { asBridgeError } from '../../../core/errors.ts';
import type { Items } from '../items.ts';
import { Column, type ColumnProfile } from './column.ts';
import { Distinct, hash32 } from './distinct.ts';
import { fieldReader } from './fields.ts';

/** Fewer than this many patients behind a value never show it; the option only raises it. */
export const FEWEST = 10;
/** A source with more places than this is one whose paths are data; the rest is counted under one name. */
const PLACES = 5000;

export interface ProfileOptions {
  /** Patients who must share a value before it is shown, at least 10. */
  readonly minCount?: number | undefined;
  /** Column of the patient's number, for tables. */
  readonly patient?: string | undefined;
  /** Items to read; all where left out. */
  readonly limit?: number | undefined;
  onItem?(items: number): void;
}

export interface Profile {
  readonly items: number;
  /** By code. */
  readonly refused: Readonly<Record<string, number>>;
  /** An estimate; 0 where it is not known whose the items are: then no value is shown. */
  readonly patients: number;
  /** Names that a map can address, in the order of their first appearance. */
  readonly columns: readonly ColumnProfile[];
  /** Places beyond the first 5,000, not profiled. */
  readonly morePlaces: number;
}

export async function profile(source: Items, options: ProfileOptions = {}): Promise<Profile> {
  const enough = Math.max(FEWEST, options.minCount ?? FEWEST);
  const read = fieldReader(options.patient);
  const columns = new Map<string, Column>();
  const patients = new Distinct();
  const refused: Record<string, number> = {};
  let items = 0;
  let morePlaces = 0;
  let known = false;
  const refuse = (code: string) => {
    refused[code] = (refused[code] ?? 0) + 1;
  };
  for await (const item of source) {
    if (items >= (options.limit ?? Number.POSITIVE_INFINITY)) break;
    if (item.type === 'refused') {
      refuse(item.code);
      continue;
    }
    try {
      const { patient, fields } = await read(item);
      const who = patient === undefined ? undefined : hash32(patient);
      if (who !== undefined) patients.add(who);
      known ||= who !== undefined;
      for (const [place, value] of fields) {
        if (!columns.has(place) && columns.size >= PLACES) {
          morePlaces++;
          continue;
        }
        const column = columns.get(place) ?? new Column(place, enough);
        columns.set(place, column);
        if (value !== '') column.add(value, items, who);
      }
    } catch (error) {
      refuse(asBridgeError(error, 'item.format', 'the item cannot be read').code);
      continue;
    }
    items++;
    options.onItem?.(items);
  }
  return {
    items,
    refused,
    patients: known ? patients.count : 0,
    columns: [...columns.values()].map((column) => column.profile(items)),
    morePlaces,
  };
}
