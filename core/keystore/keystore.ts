/**
 * The keys of one hospital: a master secret in a file under a passphrase, and beside it the table of
 * patients' salts. Everything else is derived (docs/architecture.md, "Keys").
 */

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { hkdfSha256 } from '../crypto/hkdf.ts';
import { BridgeError } from '../errors.ts';
import { keyedDigest } from '../ids.ts';
import type { PatientIdentifier } from '../types.ts';
import type { KeyChange } from './key-changes.ts';
import { drawMaster, readMaster, writeMaster } from './master-file.ts';
import type { MasterWrap } from './master-wrap.ts';
import { type CustodyKeys, derivePatientKeys, HOSPITAL_REF, type PatientKeys } from './patient-keys.ts';
import { createSalts, openSalts, type PatientSalts } from './salts.ts';

export { type CustodyKeys, HOSPITAL_REF, type OpeningKeys, type PatientKeys } from './patient-keys.ts';

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
  /** Who can open the patient's records, and what of a change of keys is still to be done. */
  custody(ref: string): Custody;
  /** All patients that have keys, in the order of their refs. */
  patients(): string[];
  /**
   * New records are sealed with other keys from now on, while `previousKeys` opens the old ones. The index key stays.
   * Repeated for the same keys it changes nothing.
   * @param claim the patient's own public keys; without it the hospital draws new ones
   */
  beginChange(ref: string, claim?: ClaimedKeys): void;
  /** Keys that opened the patient's records before a change that is not finished; newest first. */
  previousKeys(ref: string): CustodyKeys[];
  /**
   * Destroys the previous keys: what was not wrapped anew is not opened again, except with a backup of the table.
   * @param capsules CID of the block that links the new capsules
   */
  finishChange(ref: string, capsules: string): void;
  /**
   * Destroys the patient's salt and with it the only way to the keys, except in backups of the table.
   * A later use of the same ref starts with new keys.
   * @returns whether there was anything to destroy
   */
  destroyPatient(ref: string): boolean;
  close(): void;
}

/** What a patient brings to a claim. */
export interface ClaimedKeys {
  /** 32 bytes */
  readonly x25519Public: Uint8Array;
  /** 33 bytes */
  readonly umbralPublic?: Uint8Array;
}

export interface Custody {
  /** `none`: no record was ever sealed, or the keys were destroyed. */
  readonly holder: 'hospital' | 'patient' | 'none';
  /** Number of changes. */
  readonly generation: number;
  /** A change was begun and not finished. */
  readonly changing: boolean;
  /** CID of the block that links the capsules of the last finished change. */
  readonly capsules: string | undefined;
}

/** Salts lie beside the keystore file. Both belong into the backup: without the table no patient's key returns. */
export function saltsPath(path: string): string {
  return path.endsWith('.json') ? `${path.slice(0, -'.json'.length)}.db` : `${path}.db`;
}

/**
 * Makes a new keystore; never overwrites one.
 * @param wrap a second lock beside the passphrase, needed for ever after
 * @throws BridgeError `keystore.exists`; what the wrap throws
 */
export async function createKeystore(path: string, passphrase: string, wrap?: MasterWrap): Promise<Keystore> {
  if (existsSync(path)) throw new BridgeError('keystore.exists', `there is already a keystore at ${path}`);
  const master = drawMaster();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const salts = createSalts(saltsPath(path), saltsKey(master));
  try {
    await writeMaster(path, passphrase, master, wrap);
    salts.of([HOSPITAL_REF]);
  } catch (error) {
    salts.close();
    throw error;
  }
  return new FileKeystore(master, salts);
}

/** @throws BridgeError `keystore.missing`, `keystore.format`, `keystore.locked` (wrong passphrase or changed file) */
export async function openKeystore(path: string, passphrase: string, wrap?: MasterWrap): Promise<Keystore> {
  const master = await readMaster(path, passphrase, wrap);
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
    const changes = new Map(unknown.map((ref) => [ref, this.#salts.change(ref)]));
    const first = unknown.filter((ref) => changes.get(ref) === undefined);
    const salts = new Map(this.#salts.of(first).map((salt, index) => [first[index], salt]));
    for (const ref of unknown) {
      const change = changes.get(ref);
      const keys = change ? changedKeys(master, change) : derivePatientKeys(master, salts.get(ref)!);
      answers.set(ref, keys);
      this.#known.set(ref, keys);
    }
    return refs.map((ref) => answers.get(ref)!);
  }

  custody(ref: string): Custody {
    const change = this.#salts.change(ref);
    const held = change ? (change.claimed ? 'patient' : 'hospital') : this.#salts.has(ref) ? 'hospital' : 'none';
    return {
      holder: held,
      generation: change?.generation ?? 0,
      changing: (change?.previous.length ?? 0) > 0,
      capsules: change?.capsules,
    };
  }

  patients(): string[] {
    return this.#salts.refs();
  }

  beginChange(ref: string, claim?: ClaimedKeys): void {
    const master = this.#openMaster();
    this.#salts.putChange(ref, (change, salt) => {
      if (change === undefined && salt === undefined)
        throw new BridgeError('cli.not-found', 'the patient has no keys that could be changed');
      // An interrupted change goes on; its keys may be in use already.
      if (change && change.previous.length > 0 && sameHolder(change, claim)) return change;
      if (change && claim && sameHolder(change, claim)) return change;
      const indexKey = change ? change.indexKey : hex(derivePatientKeys(master, salt!).indexKey);
      const held = change ? change.salt : hex(salt!);
      return {
        v: 1,
        generation: (change?.generation ?? 0) + 1,
        indexKey,
        sealKey: hex(randomBytes(32)),
        ...(claim ? { claimed: claimedHex(claim) } : { salt: hex(randomBytes(32)) }),
        previous: [...(held ? [held] : []), ...(change?.previous ?? [])],
        ...(change?.capsules && { capsules: change.capsules }),
      };
    });
    this.#known.delete(ref);
  }

  previousKeys(ref: string): CustodyKeys[] {
    const master = this.#openMaster();
    return (this.#salts.change(ref)?.previous ?? []).map((salt) => derivePatientKeys(master, Buffer.from(salt, 'hex')));
  }

  finishChange(ref: string, capsules: string): void {
    this.#salts.putChange(ref, (change) => {
      if (change === undefined) throw new RangeError('no change was begun');
      return { ...change, previous: [], capsules };
    });
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

function changedKeys(master: Uint8Array, change: KeyChange): PatientKeys {
  const shared = { indexKey: bytes(change.indexKey), sealKey: bytes(change.sealKey) };
  if (change.claimed) {
    const { x25519Public, umbralPublic } = change.claimed;
    return { x25519Public: bytes(x25519Public), ...(umbralPublic && { umbralPublic: bytes(umbralPublic) }), ...shared };
  }
  return { ...derivePatientKeys(master, bytes(change.salt!)), ...shared };
}

function claimedHex({ x25519Public, umbralPublic }: ClaimedKeys) {
  return { x25519Public: hex(x25519Public), ...(umbralPublic && { umbralPublic: hex(umbralPublic) }) };
}

function sameHolder({ claimed }: KeyChange, claim: ClaimedKeys | undefined): boolean {
  return JSON.stringify(claimed) === JSON.stringify(claim && claimedHex(claim));
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex');
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}
