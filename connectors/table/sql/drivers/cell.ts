import type { Cell } from '../driver.ts';

/** What a client gave for a column that was selected as text or as bytes. */
export function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  return value instanceof Uint8Array ? value : String(value);
}
