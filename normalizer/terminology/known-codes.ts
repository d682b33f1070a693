/** The code systems that R4 publishes whole, as a table made by `make-known-codes.ts`. */
import table from './generated/known-codes.json' with { type: 'json' };

const lists: Readonly<Record<string, string>> = table;
const sets = new Map<string, ReadonlySet<string> | undefined>();

/** @returns undefined for a code system whose codes R4 does not list */
export function knownCodes(system: string): ReadonlySet<string> | undefined {
  if (!sets.has(system)) {
    if (!Object.hasOwn(lists, system)) return undefined;
    sets.set(system, new Set(lists[system]!.split('\t')));
  }
  return sets.get(system);
}
