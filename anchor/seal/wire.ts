/** What goes to a sealing thread and what comes back. */
import type { ErrorCode } from '../../core/codes.ts';
import { BridgeError } from '../../core/errors.ts';
import type { SealingKeys } from '../../core/keystore/patient-keys.ts';
import { type Gathered, gather, spread } from './gather.ts';
import { packetsByName } from './key-packet.ts';
import type { NamedRecord, RecordToSeal } from './named.ts';

export interface SealTask {
  readonly id: number;
  readonly records: readonly Omit<RecordToSeal, 'tag' | 'bundle'>[];
  /** Tag and bundle of each. */
  readonly strings: Gathered;
  readonly likenessKey: Uint8Array | undefined;
}

export interface SealAnswer {
  readonly id: number;
  /** In the order of the task; a record that cannot be sealed has its error's code. */
  readonly records: readonly ((Omit<NamedRecord, BytesOfRecord | 'quality'> & { complete?: number }) | ErrorCode)[];
  /** `BYTES` of each that was sealed, and its signature, which is empty where none was asked for. */
  readonly strings: Gathered;
}

const BYTES = ['content', 'capsule', 'commitment', 'dataKey'] as const;
type BytesOfRecord = (typeof BYTES)[number];
const NONE = new Uint8Array(0);

/** Only what sealing needs: no private key goes to a thread. */
export function toTask(id: number, records: readonly RecordToSeal[], likenessKey: Uint8Array | undefined): SealTask {
  // One object for one patient is sent once.
  const known = new Map<object, SealingKeys>();
  const plain = records.map(({ tag: _tag, bundle: _bundle, ...record }) => {
    const patient = known.get(record.patient) ?? sealingKeys(record);
    known.set(record.patient, patient);
    return { ...record, patient };
  });
  return { id, records: plain, strings: gather(records.flatMap(({ tag, bundle }) => [tag, bundle])), likenessKey };
}

export function ofTask({ records, strings }: SealTask): RecordToSeal[] {
  const bytes = spread(strings);
  return records.map((record, index) => ({ ...record, tag: bytes[2 * index]!, bundle: bytes[2 * index + 1]! }));
}

export function toAnswer(id: number, sealed: readonly (NamedRecord | ErrorCode)[]): SealAnswer {
  const strings: Uint8Array[] = [];
  const records = sealed.map((one) => {
    if (typeof one === 'string') return one;
    strings.push(...BYTES.map((name) => one[name]), one.quality?.signature ?? NONE);
    return { names: one.names, ...(one.quality && { complete: one.quality.complete }) };
  });
  return { id, records, strings: gather(strings) };
}

export function ofAnswer({ records, strings }: SealAnswer): (NamedRecord | BridgeError)[] {
  const bytes = spread(strings).values();
  const next = () => bytes.next().value!;
  return records.map((one) => {
    if (typeof one === 'string') return new BridgeError(one, 'a record could not be sealed');
    const { names, complete } = one;
    const [content, capsule, commitment, dataKey, signature] = [next(), next(), next(), next(), next()];
    const quality = complete === undefined ? undefined : { complete, signature };
    return { content, capsule, commitment, dataKey, names, quality };
  });
}

/** What changes hands with a message instead of being copied. */
export function transferred({ strings }: { readonly strings: Gathered }): ArrayBuffer[] {
  return [strings.bytes];
}

/** In custody the Umbral key follows from the secret, which stays here. */
function sealingKeys({ patient, keyPacket }: Pick<RecordToSeal, 'patient' | 'keyPacket'>): SealingKeys {
  const { x25519Public, indexKey, sealKey } = patient;
  const umbralPublic = keyPacket === 'umbral' ? packetsByName.umbral.publicKey(patient) : undefined;
  return { x25519Public, ...(umbralPublic && { umbralPublic }), indexKey, sealKey };
}
