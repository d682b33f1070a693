/** A row of a table (JSON, column name → text) → R4: by the feed's map, else by the shipped one for laboratory results. */
import type { Normalized, Rejected } from '../../core/types.ts';
import type { NormalizeContext, NormalizeInput } from '../context.ts';
import { runMap } from '../mapping/execute.ts';
import { table } from '../mapping/sources/json.ts';
import { standardMap } from '../mapping/standard.ts';

export function normalizeTable(input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  return runMap(standardMap('table/lis', { table }), input, context);
}
