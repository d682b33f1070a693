/** What the five databases have in common: a session that runs a query, and how SQL is spelt for it. */
import type { SqlConfig } from './config.ts';

/** A value of a row: text exactly as the database shows it; bytes of a binary column. */
export type Cell = string | Uint8Array | null;

export type Family = 'text' | 'binary' | 'integer' | 'decimal' | 'float' | 'time' | 'instant' | 'date' | 'other';

export interface Column {
  readonly name: string;
  /** As the catalogue spells it; goes into casts. */
  readonly type: string;
  /** `time` has no zone; `instant` has one, or is kept in UTC. */
  readonly family: Family;
  /** May hold more than a few hundred bytes. */
  readonly large: boolean;
}

/** A view as the configuration names it. */
export interface ViewName {
  /** One to three names, in the order of the configuration. */
  readonly parts: readonly string[];
  /** '' where none is named: that of the session. */
  readonly schema: string;
  readonly name: string;
}

/** How SQL is spelt. Columns come as quoted expressions; every value is a bound parameter in text form. */
export interface Dialect {
  quote(name: string): string;
  /** Placeholder of the n-th parameter, from 1. */
  param(n: number): string;
  /** A column as it is selected: text in the client's character set, or bytes. */
  value(column: Column, name: string): string;
  /** The bytes of a text column in the database's own character set. */
  raw(column: Column, name: string): string;
  /** Number of bytes of a value. */
  size(column: Column, name: string): string;
  /** A `time`, `instant` (in UTC) or `date` as `YYYY-MM-DD HH:MM:SS.f…`, always with the same number of digits. */
  stamp(column: Column, name: string): string;
  /** Such a text as a value that compares with the column exactly. */
  fromStamp(column: Column, param: string): string;
  /** What `value` gave for a key column (hex for bytes), as a value that compares with the column exactly. */
  fromKey(column: Column, param: string): string;
  /** The first n rows of a query with an ORDER BY. */
  limit(query: string, rows: number): string;
  /** One row, one column: the server's time in UTC, as `stamp` writes it. */
  readonly now: string;
  /** Rows of column name, type, family data; parameters are schema (or null) and name. */
  columns(view: ViewName): { readonly sql: string; readonly params: readonly string[] };
  column(row: readonly Cell[]): Column;
  /** Rows of schema, name and estimated number of rows of all that the account may read. */
  readonly views: string;
  /** Rows of a column name that leads an index of the table; none for a view. */
  leading(view: ViewName): { readonly sql: string; readonly params: readonly string[] };
  /** One row and column: comma-separated rights to change the view that the account has; empty or NULL for none. */
  rights(view: ViewName): { readonly sql: string; readonly params: readonly string[] };
}

/** One connection that can only read. */
export interface Session {
  run(sql: string, params: readonly string[]): Promise<Cell[][]>;
  /** At once, whatever is under way. Never throws. */
  close(): Promise<void>;
}

export type Failure = 'unreachable' | 'refused' | 'timeout' | 'busy' | 'tls' | 'missing' | 'other';

export interface Driver {
  readonly dialect: Dialect;
  readonly port: number;
  /**
   * Opens a read-only session with a statement timeout. Throws the driver's own errors.
   * @param timezone IANA zone in which instants are shown
   */
  connect(config: SqlConfig, timezone: string): Promise<Session>;
  /** What one of its errors means, by its code alone. */
  failure(error: unknown): Failure;
}
