/** One row of a table, whose columns are places of the source. */
import type { Draft } from '../draft.ts';

export class Row {
  readonly #columns: Readonly<Record<string, unknown>>;
  readonly #draft: Draft;

  constructor(columns: Readonly<Record<string, unknown>>, draft: Draft) {
    this.#columns = columns;
    this.#draft = draft;
  }

  /** Trimmed text of a column; undefined where it is absent, null, empty or no scalar. */
  text(column: string): string | undefined {
    const value = this.#columns[column];
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
    this.#draft.sources.used(column);
    return String(value).trim() || undefined;
  }

  /** A code of a table; undefined with an issue where it is not in it. */
  look<T>(column: string, table: Readonly<Record<string, T>>): T | undefined {
    const code = this.text(column);
    if (code === undefined) return undefined;
    if (Object.hasOwn(table, code)) return table[code];
    this.#draft.issue('warning', 'code.unmapped', column, 'the code is not in the table of this column');
    this.#draft.unmappedCode(column, code);
    return undefined;
  }

  /** Tells the coverage of all populated columns. */
  seeRest(): void {
    for (const [column, value] of Object.entries(this.#columns))
      if (value !== null && String(value).trim() !== '') this.#draft.sources.seen(column);
  }
}
