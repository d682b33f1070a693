/**
 * The table of patients' salts, in SQLite beside the keystore file. A salt is encrypted under a key of the
 * master secret (AES-256-GCM, random nonce, the ref as AAD), so that the table alone, or the file alone, gives no key.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { BridgeError } from '../errors.ts';
import { HOSPITAL_REF } from './patient-keys.ts';

const SALT_LENGTH = 32;
const NONCE_LENGTH = 12;
const TAG_LENGTH = 16;
const REF = /^(?:[0-9a-f]{32}|hospital)$/;

export interface PatientSalts {
  /** Salts in the order asked; those that are new are made and durable. */
  of(refs: readonly string[]): Uint8Array[];
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
    `);
    this.#select = this.#database.prepare('SELECT sealed FROM salts WHERE ref = ?');
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
    return refs.map((ref) => this.#open(ref, this.#read(ref)));
  }

  #read(ref: string): Uint8Array | undefined {
    return this.#select.get(ref)?.sealed as Uint8Array | undefined;
  }

  /** Another process may add the same ref at the same moment: the first one counts. */
  #add(refs: readonly string[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      for (const ref of refs) this.#insert.run(ref, this.#seal(ref, randomBytes(SALT_LENGTH)));
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  destroy(ref: string): boolean {
    if (ref === HOSPITAL_REF) throw new RangeError("the hospital's own keys are not a patient's");
    const destroyed = this.#database.prepare('DELETE FROM salts WHERE ref = ?').run(ref).changes > 0;
    // The log still holds the page as it was.
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return destroyed;
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

  #seal(ref: string, salt: Uint8Array): Uint8Array {
    const nonce = randomBytes(NONCE_LENGTH);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(ref));
    return Buffer.concat([nonce, cipher.update(salt), cipher.final(), cipher.getAuthTag()]);
  }

  #open(ref: string, sealed: Uint8Array | undefined): Uint8Array {
    const end = NONCE_LENGTH + SALT_LENGTH;
    try {
      if (sealed?.length !== end + TAG_LENGTH) throw new RangeError('length');
      const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, NONCE_LENGTH))
        .setAAD(Buffer.from(ref))
        .setAuthTag(sealed.subarray(end));
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_LENGTH, end)), decipher.final()]);
    } catch (error) {
      throw new BridgeError('keystore.format', 'the table of salts belongs to another keystore or was changed', {
        cause: error,
      });
    }
  }
}
