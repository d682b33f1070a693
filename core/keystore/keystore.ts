/**
 * The keys of one hospital: a master secret in a file under a passphrase, and beside it the table of
 * patients' salts. Everything else is derived (docs/architecture.md, "Keys").
 */

import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { hkdfSha256 } from '../crypto/hkdf.ts';
import { BridgeError } from '../errors.ts';
import { keyedDigest } from '../ids.ts';
import type { PatientIdentifier } from '../types.ts';
import { drawMaster, readMaster, writeMaster } from './master-file.ts';
import { derivePatientKeys, HOSPITAL_REF, type PatientKeys } from './patient-keys.ts';
import { createSalts, openSalts, type PatientSalts } from './salts.ts';

export { HOSPITAL_REF, type PatientKeys } from './patient-keys.ts';

/** `dhc/<purpose>/<version>` */
export type KeyLabel = `dhc/${string}/${number}`;

export interface Keystore {
  /** A key of the hospital for one purpose; the same label gives the same 32 bytes. */
  hospitalKey(label: KeyLabel): Uint8Array;
  /**
   * Keys of one patient, made at first use and durable when this returns.
   * @param ref from `patientRef`
   */
  patientKeys(ref: string): PatientKeys;
  /** The same for many in one transaction; answers in the order asked. */
  patientKeysOf(refs: readonly string[]): PatientKeys[];
  /**
   * Destroys the patient's salt and with it the only way to the keys, except in backups of the table.
   * A later use of the same ref starts with new keys.
   * @returns whether there was anything to destroy
   */
  destroyPatient(ref: string): boolean;
  close(): void;
}

/** Salts lie beside the keystore file. Both belong into the backup: without the table no patient's key returns. */
export function saltsPath(path: string): string {
  return path.endsWith('.json') ? `${path.slice(0, -'.json'.length)}.db` : `${path}.db`;
}

/**
 * Makes a new keystore; never overwrites one.
 * @throws BridgeError `keystore.exists`
 */
export async function createKeystore(path: string, passphrase: string): Promise<Keystore> {
  if (existsSync(path)) throw new BridgeError('keystore.exists', `there is already a keystore at ${path}`);
  const master = drawMaster();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const salts = createSalts(saltsPath(path), saltsKey(master));
  try {
    await writeMaster(path, passphrase, master);
    salts.of([HOSPITAL_REF]);
  } catch (error) {
    salts.close();
    throw error;
  }
  return new FileKeystore(master, salts);
}

/** @throws BridgeError `keystore.missing`, `keystore.format`, `keystore.locked` (wrong passphrase or changed file) */
export async function openKeystore(path: string, passphrase: string): Promise<Keystore> {
  const master = await readMaster(path, passphrase);
  const salts = openSalts(saltsPath(path), saltsKey(master));
  try {
    // Shows that file and table belong together.
    salts.of([HOSPITAL_REF]);
  } catch (error) {
    salts.close();
    throw error;
  }
  return new FileKeystore(master, salts);
}

function saltsKey(master: Uint8Array): Uint8Array {
  return hkdfSha256(master, 'dhc/salts/1', 32);
}

/**
 * Opaque reference of a patient; null, where a record belongs to no person, gives the hospital's own.
 * @returns 32 hex digits, or `hospital`
 */
export function patientRef(keystore: Keystore, patient: PatientIdentifier | null): string {
  if (patient === null) return HOSPITAL_REF;
  const value = `${patient.system.length}|${patient.system}|${patient.value}`;
  return keyedDigest(keystore.hospitalKey('dhc/digest/1'), 'patient', value);
}

const KNOWN_PATIENTS = 4096;

class FileKeystore implements Keystore {
  readonly #master: Uint8Array;
  readonly #salts: PatientSalts;
  /** A batch names the same patients many times, and deriving costs as much as sealing a record. */
  readonly #known = new Map<string, PatientKeys>();
  #closed = false;

  constructor(master: Uint8Array, salts: PatientSalts) {
    this.#master = master;
    this.#salts = salts;
  }

  hospitalKey(label: KeyLabel): Uint8Array {
    return hkdfSha256(this.#openMaster(), label, 32);
  }

  patientKeys(ref: string): PatientKeys {
    return this.patientKeysOf([ref])[0]!;
  }

  patientKeysOf(refs: readonly string[]): PatientKeys[] {
    const master = this.#openMaster();
    if (this.#salts.changedByOthers()) this.#known.clear();
    const unknown = [...new Set(refs)].filter((ref) => !this.#known.has(ref));
    const answers = new Map(refs.map((ref) => [ref, this.#known.get(ref)]));
    if (this.#known.size > KNOWN_PATIENTS) this.#known.clear();
    for (const [index, salt] of this.#salts.of(unknown).entries()) {
      const keys = derivePatientKeys(master, salt);
      answers.set(unknown[index]!, keys);
      this.#known.set(unknown[index]!, keys);
    }
    return refs.map((ref) => answers.get(ref)!);
  }

  destroyPatient(ref: string): boolean {
    this.#known.delete(ref);
    return this.#salts.destroy(ref);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#salts.close();
    this.#known.clear();
    this.#master.fill(0);
  }

  /** After `close` the secret is all zeros: nothing may be derived from that. */
  #openMaster(): Uint8Array {
    if (this.#closed) throw new BridgeError('keystore.locked', 'the keystore was closed');
    return this.#master;
  }
}
