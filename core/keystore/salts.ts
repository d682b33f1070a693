/**
 * The table of patients' salts, in SQLite beside the keystore file. A salt is encrypted under a key of the
 * master secret (AES-256-GCM, random nonce, the ref as AAD), so that the table alone, or the file alone, gives no key.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { BridgeError } from '../errors.ts';
import { transaction } from '../sqlite.ts';
import { decodeChange, encodeChange, type KeyChange } from './key-changes.ts';
import { HOSPITAL_REF } from './patient-keys.ts';
import { openBox, sealBox } from './sealed-box.ts';

const SALT_LENGTH = 32;
const REF = /^(?:[0-9a-f]{32}|hospital)$/;

export interface PatientSalts {
  /** Salts in the order asked; those that are new are made and durable. */
  of(refs: readonly string[]): Uint8Array[];
  /** Undefined for a patient who still has the first keys, or none. */
  change(ref: string): KeyChange | undefined;
  /**
   * Writes a patient's changed keys and removes the first salt, whose remains are overwritten.
   * @param make is given what there is; runs in the transaction
   */
  putChange(ref: string, make: (change: KeyChange | undefined, salt: Uint8Array | undefined) => KeyChange): KeyChange;
  /** Whether there is a first salt; makes none. */
  has(ref: string): boolean;
  /** All patients that have keys, in the order of their refs. */
  refs(): string[];
  destroy(ref: string): boolean;
  /** Whether another process has written since this was last asked. */
  changedByOthers(): boolean;
  close(): void;
}

/**
 * For a keystore about to be made. It is empty until the hospital's own salt is asked for.
 * @throws BridgeError `keystore.exists` when another one's salts are there
 */
export function createSalts(path: string, key: Uint8Array): PatientSalts {
  // SQLite gives its log the rights of the file that it finds.
  closeSync(openSync(path, 'a', 0o600));
  const salts = new SaltTable(path, key);
  if (salts.empty()) return salts;
  salts.close();
  throw new BridgeError('keystore.exists', `there is already a table of salts at ${path}`);
}

/** @throws BridgeError `keystore.missing`, also for an empty table: it would give every patient new keys */
export function openSalts(path: string, key: Uint8Array): PatientSalts {
  const missing = new BridgeError('keystore.missing', `the keystore's table of salts is not at ${path}`);
  if (!existsSync(path)) throw missing;
  const salts = new SaltTable(path, key);
  if (!salts.empty()) return salts;
  salts.close();
  throw missing;
}

class SaltTable implements PatientSalts {
  readonly #database: DatabaseSync;
  readonly #key: Uint8Array;
  readonly #select: StatementSync;
  readonly #selectChange: StatementSync;
  readonly #insert: StatementSync;
  readonly #dataVersion: StatementSync;
  #version = 0;

  constructor(path: string, key: Uint8Array) {
    this.#key = key;
    this.#database = new DatabaseSync(path, { timeout: 10_000 });
    // secure_delete: a destroyed salt is overwritten, not only unlinked.
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA secure_delete = ON;
      CREATE TABLE IF NOT EXISTS salts (ref TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS changes (ref TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
    `);
    this.#select = this.#database.prepare('SELECT sealed FROM salts WHERE ref = ?');
    this.#selectChange = this.#database.prepare('SELECT sealed FROM changes WHERE ref = ?');
    this.#dataVersion = this.#database.prepare('PRAGMA data_version');
    this.#insert = this.#database.prepare('INSERT OR IGNORE INTO salts (ref, sealed) VALUES (?, ?)');
  }

  empty(): boolean {
    return this.#database.prepare('SELECT 1 FROM salts LIMIT 1').get() === undefined;
  }

  of(refs: readonly string[]): Uint8Array[] {
    for (const ref of refs) if (!REF.test(ref)) throw new RangeError('not a patient reference');
    const missing = refs.filter((ref) => this.#read(ref) === undefined);
    if (missing.length > 0) this.#add(missing);
    return refs.map((ref) => openBox(this.#key, ref, this.#read(ref)));
  }

  change(ref: string): KeyChange | undefined {
    const row = this.#selectChange.get(ref);
    return row && decodeChange(openBox(this.#key, changePlace(ref), row.sealed as Uint8Array));
  }

  putChange(ref: string, make: (change: KeyChange | undefined, salt: Uint8Array | undefined) => KeyChange): KeyChange {
    if (!REF.test(ref) || ref === HOSPITAL_REF) throw new RangeError('not the reference of a patient');
    const change = transaction(this.#database, () => {
      const sealed = this.#read(ref);
      const made = make(this.change(ref), sealed && openBox(this.#key, ref, sealed));
      const box = sealBox(this.#key, changePlace(ref), encodeChange(made));
      this.#database.prepare('INSERT OR REPLACE INTO changes (ref, sealed) VALUES (?, ?)').run(ref, box);
      this.#database.prepare('DELETE FROM salts WHERE ref = ?').run(ref);
      return made;
    });
    this.#overwriteLog();
    return change;
  }

  has(ref: string): boolean {
    return this.#read(ref) !== undefined;
  }

  refs(): string[] {
    const rows = this.#database
      .prepare('SELECT ref FROM salts UNION SELECT ref FROM changes ORDER BY ref')
      .all() as unknown as { ref: string }[];
    return rows.map(({ ref }) => ref).filter((ref) => ref !== HOSPITAL_REF);
  }

  #read(ref: string): Uint8Array | undefined {
    return this.#select.get(ref)?.sealed as Uint8Array | undefined;
  }

  /** Another process may add the same ref at the same moment: the first one counts. */
  #add(refs: readonly string[]): void {
    transaction(this.#database, () => {
      for (const ref of refs) this.#insert.run(ref, sealBox(this.#key, ref, randomBytes(SALT_LENGTH)));
    });
  }

  destroy(ref: string): boolean {
    if (ref === HOSPITAL_REF) throw new RangeError("the hospital's own keys are not a patient's");
    const destroyed = transaction(this.#database, () =>
      ['salts', 'changes'].map(
        (table) => this.#database.prepare(`DELETE FROM ${table} WHERE ref = ?`).run(ref).changes,
      ),
    );
    this.#overwriteLog();
    return destroyed.some((rows) => rows > 0);
  }

  /** The log still holds pages as they were. */
  #overwriteLog(): void {
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  changedByOthers(): boolean {
    const before = this.#version;
    this.#version = this.#dataVersion.get()!.data_version as number;
    return this.#version !== before;
  }

  close(): void {
    this.#database.close();
    this.#key.fill(0);
  }
}

function changePlace(ref: string): string {
  return `change/${ref}`;
}
