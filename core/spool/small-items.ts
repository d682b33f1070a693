import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { hkdfSha256 } from '../crypto/hkdf.ts';
import { cannotOpen } from '../crypto/refusal.ts';
import { transaction } from '../sqlite.ts';
import type { Usage } from './spool.ts';

const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;

export interface Entry {
  readonly id: string;
  /** Bytes before encryption. */
  readonly size: number;
  /** Null where the content is in a file. */
  readonly bytes: Uint8Array | null;
}

/**
 * The table of all items with the content of the small ones: nonce (12) · AES-256-GCM ciphertext · tag (16) under one
 * key, the id as AAD. Random nonces serve 2^32 items; encryption is done before SQLite sees a byte.
 */
export class SmallItems {
  readonly #key: KeyObject;
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #find: StatementSync;
  readonly #delete: StatementSync;

  /** @param spoolKey 32 bytes */
  constructor(path: string, spoolKey: Uint8Array) {
    this.#key = createSecretKey(hkdfSha256(spoolKey, 'dhc/spool-items/1', 32));
    this.#database = new DatabaseSync(path, { timeout: 10_000 });
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      CREATE TABLE IF NOT EXISTS items (id TEXT PRIMARY KEY, size INTEGER NOT NULL, sealed BLOB) STRICT;
      CREATE INDEX IF NOT EXISTS item_size ON items (size);
    `);
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#insert = prepare('INSERT OR REPLACE INTO items (id, size, sealed) VALUES (?, ?, ?)');
    this.#select = prepare('SELECT size, sealed FROM items WHERE id = ?');
    this.#find = prepare('SELECT sealed IS NULL AS large FROM items WHERE id = ?');
    this.#delete = prepare('DELETE FROM items WHERE id = ? RETURNING sealed IS NULL AS large');
  }

  put(entries: readonly Entry[]): void {
    const rows = entries.map(({ id, size, bytes }) => [id, size, bytes && this.#seal(id, bytes)] as const);
    transaction(this.#database, () => {
      for (const row of rows) this.#insert.run(...row);
    });
  }

  get(id: string): Entry | null {
    const row = this.#select.get(id) as { size: number; sealed: Uint8Array | null } | undefined;
    return row === undefined ? null : { id, size: row.size, bytes: row.sealed && this.#open(id, row.sealed) };
  }

  has(id: string): boolean {
    return this.#find.get(id) !== undefined;
  }

  /** Whether the item is there and its content in a file. */
  isLarge(id: string): boolean {
    return this.#find.get(id)?.large === 1;
  }

  *ids(): Generator<string> {
    for (const { id } of this.#database.prepare('SELECT id FROM items').iterate()) yield id as string;
  }

  /** @returns the ids among them whose content is in a file */
  remove(ids: readonly string[]): string[] {
    return transaction(this.#database, () => ids.filter((id) => this.#delete.get(id)?.large === 1));
  }

  usage(): Usage {
    const row = this.#database.prepare('SELECT count(*) AS items, coalesce(sum(size), 0) AS bytes FROM items').get();
    return row as unknown as Usage;
  }

  close(): void {
    this.#database.close();
  }

  #seal(id: string, bytes: Uint8Array): Uint8Array {
    const nonce = randomBytes(NONCE_LENGTH);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(id));
    return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }

  #open(id: string, sealed: Uint8Array): Uint8Array {
    if (sealed.length < NONCE_LENGTH + TAG_LENGTH) throw cannotOpen();
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, NONCE_LENGTH))
      .setAAD(Buffer.from(id))
      .setAuthTag(sealed.subarray(-TAG_LENGTH));
    const bytes = decipher.update(sealed.subarray(NONCE_LENGTH, -TAG_LENGTH));
    try {
      decipher.final();
    } catch {
      throw cannotOpen();
    }
    return bytes;
  }
}
