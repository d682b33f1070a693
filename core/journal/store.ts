/** The open database with what all parts of the journal share: statements, transactions and the column cipher. */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { keyedDigest } from '../ids.ts';
import { transaction } from '../sqlite.ts';
import { migrate } from './schema.ts';

/** 32 bytes each, from the keystore. */
export interface JournalSecrets {
  /** `dhc/digest/1` */
  readonly digestKey: Uint8Array;
  /** Encrypts source keys and cursors. */
  readonly columnKey: Uint8Array;
}

type Row = Record<string, SQLInputValue>;

export class Store {
  readonly #db: DatabaseSync;
  readonly #digestKey: KeyObject;
  readonly #columnKey: KeyObject;
  readonly #statements = new Map<string, StatementSync>();

  /** @param path file, or `:memory:` */
  constructor(path: string, secrets: JournalSecrets) {
    this.#digestKey = createSecretKey(secrets.digestKey);
    this.#columnKey = createSecretKey(secrets.columnKey);
    this.#db = new DatabaseSync(path, { timeout: 10_000, enableForeignKeyConstraints: true });
    // FULL: a committed step survives a power cut, not only a killed process.
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;');
    migrate(this.#db);
  }

  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.#prepare(sql).get(...values) as T | undefined;
  }

  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#prepare(sql).all(...values) as T[];
  }

  /** @returns rows changed */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** Inserts one row; the column names are ours, never input. */
  insert(table: string, row: Row, conflict: '' | 'OR IGNORE' | 'OR REPLACE' = ''): number {
    const columns = Object.keys(row);
    const marks = columns.map(() => '?').join(', ');
    return this.run(
      `INSERT ${conflict} INTO ${table} (${columns.join(', ')}) VALUES (${marks})`,
      ...Object.values(row),
    );
  }

  /** All or nothing, on disk when it returns. */
  transaction<T>(work: () => T): T {
    return transaction(this.#db, work);
  }

  digest(label: 'source-key' | 'content', value: string): string {
    return keyedDigest(this.#digestKey, `journal/${label}`, value);
  }

  encrypt(column: string, text: string): Uint8Array {
    return this.seal(column, Buffer.from(text, 'utf8'));
  }

  decrypt(column: string, bytes: Uint8Array): string {
    return this.open(column, bytes).toString('utf8');
  }

  /** AES-256-GCM: nonce (12) ‖ tag (16) ‖ ciphertext, bound to its column. */
  seal(column: string, bytes: Uint8Array): Uint8Array {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#columnKey, nonce).setAAD(Buffer.from(column));
    const body = Buffer.concat([cipher.update(bytes), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), body]);
  }

  open(column: string, bytes: Uint8Array): Buffer {
    const decipher = createDecipheriv('aes-256-gcm', this.#columnKey, bytes.subarray(0, 12))
      .setAAD(Buffer.from(column))
      .setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

export function now(): string {
  return new Date().toISOString();
}

/** `WHERE` from the conditions that are set, with their values. */
export function where(conditions: Readonly<Record<string, SQLInputValue | undefined>>): {
  sql: string;
  values: SQLInputValue[];
} {
  const set = Object.entries(conditions).filter((entry): entry is [string, SQLInputValue] => entry[1] !== undefined);
  const sql = set.length === 0 ? '' : `WHERE ${set.map(([column]) => `${column} = ?`).join(' AND ')}`;
  return { sql, values: set.map(([, value]) => value) };
}
