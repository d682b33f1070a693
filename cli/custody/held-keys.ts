/** What the hospital can still open a record with: its patient's keys, and after a rotation the later capsule. */
import type { Erasure, RecordRow } from '../../core/journal/index.ts';
import { HOSPITAL_REF, type PatientKeys } from '../../core/keystore/keystore.ts';
import type { Bridge } from '../../workflows/bridge.ts';
import { listedCapsules, recordsOf } from './records.ts';

const PATIENTS = 64;

export interface Held {
  /** Absent where the keys were destroyed. */
  readonly key?: PatientKeys;
  /** CID of a capsule that replaces the manifest's. */
  readonly capsule?: string;
  /** Why the hospital cannot open it, and is not meant to. */
  readonly closed?: Closed;
}

export type Closed =
  /** `capsules`: CID of the set of key packets that the claim made; undefined when it had nothing to wrap anew. */
  | { readonly why: 'with-patient'; readonly capsules: string | undefined }
  | { readonly why: 'erased'; readonly erasure: Erasure };

export class HeldKeys {
  readonly #bridge: Bridge;
  /** Later capsules of a patient by content, read once from the patient's newest list. */
  readonly #lists = new Map<string, Promise<Map<string, string>>>();

  constructor(bridge: Bridge) {
    this.#bridge = bridge;
  }

  async of(record: RecordRow | undefined, signal: AbortSignal): Promise<Held> {
    if (!record) return {};
    const { keystore, journal } = this.#bridge;
    const { patientRef } = record;
    if (patientRef === HOSPITAL_REF) return { key: keystore.patientKeys(patientRef) };
    // Before the keys: the same patient may have come back, with new ones.
    const erasure = await journal.erasure(record.item);
    if (erasure) return { closed: { why: 'erased', erasure } };
    const { holder, generation, capsules } = keystore.custody(patientRef);
    if (holder === 'none') return {};
    const key = keystore.patientKeys(patientRef);
    if (holder === 'patient') return { key, closed: { why: 'with-patient', capsules } };
    if (generation === 0) return { key };
    const capsule = (await this.#list(patientRef, key, signal)).get(record.contentCid);
    return { key, ...(capsule && { capsule }) };
  }

  #list(ref: string, key: PatientKeys, signal: AbortSignal): Promise<Map<string, string>> {
    const known = this.#lists.get(ref);
    if (known) return known;
    const made = recordsOf(this.#bridge, ref).then((records) =>
      listedCapsules(this.#bridge.kubo, records, [key], signal),
    );
    // A node that does not answer shows in the verdict itself.
    const list = made.catch(() => new Map<string, string>());
    if (this.#lists.size >= PATIENTS) this.#lists.delete(this.#lists.keys().next().value!);
    this.#lists.set(ref, list);
    return list;
  }
}
