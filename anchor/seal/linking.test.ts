/**
 * Whether anyone who sees all that is public (tags and commitments on chain and in manifests, contents and key packets on
 * IPFS) can tell which records belong to one patient. Sizes and times are left out: they do tell (docs/threat-model.md).
 */
import { createHash } from 'node:crypto';
import { decode } from '@ipld/dag-cbor';
import { describe, expect, it } from 'vitest';
import { readHeader } from '../../core/crypto/message.ts';
import { derivePatientKeys } from '../../core/keystore/patient-keys.ts';
import { binderOf } from './capsule.ts';
import type { PacketName } from './key-packet.ts';
import { sealRecord } from './record.ts';
import { tagFor } from './tag.ts';

const PATIENTS = 50;
const RECORDS = 12;
/** Standard deviations. With 40 looks at unlinked data one beyond it is expected once in some thousand runs; ours are fixed. */
const LIMIT = 4.5;

interface Public {
  readonly patient: number;
  /** What there is to compare, by name. */
  readonly features: Readonly<Record<string, Uint8Array>>;
}

/** The same keys and contents on every run: the outcome is fixed, but for Umbral's own randomness. */
function published(keyPacket: PacketName): Public[] {
  return Array.from({ length: PATIENTS * RECORDS }, (_, n) => {
    const [who, counter] = [n % PATIENTS, Math.floor(n / PATIENTS)];
    const patient = derivePatientKeys(Buffer.alloc(32, 1), createHash('sha256').update(`patient ${who}`).digest());
    const itemId = createHash('sha256').update(`item ${n}`).digest('hex').slice(0, 32);
    // One content for all records of a patient: equal content must not show either.
    const bundle = Buffer.from(
      JSON.stringify({ resourceType: 'Bundle', name: `Zhang ${String(who).padStart(3, '0')}` }),
    );
    const tag = tagFor(patient.indexKey, BigInt(counter));
    const sealed = sealRecord({ hospital: 'chenguang', itemId, tag, patient, bundle, keyPacket });
    const header = readHeader(sealed.content);
    const { alg: _alg, v: _version, ...packet } = decode<Record<string, Uint8Array>>(sealed.capsule);
    const body = sealed.content.subarray(header.length);
    return {
      patient: who,
      features: {
        tag,
        commitment: sealed.commitment,
        messageId: header.messageId,
        binder: binderOf(header),
        keyCommitment: header.commitment,
        headerTag: header.tag,
        body: body.subarray(24),
        contentCid: createHash('sha256').update(sealed.content).digest(),
        capsuleCid: createHash('sha256').update(sealed.capsule).digest(),
        ...packet,
      },
    };
  });
}

function distance(a: Uint8Array, b: Uint8Array): number {
  let bits = 0;
  for (let at = 0; at < a.length; at++) for (let x = a[at]! ^ b[at]!; x > 0; x &= x - 1) bits++;
  return bits;
}

/** How much nearer two records of one patient are than two of different ones, in standard deviations. */
function nearer(records: readonly Public[], feature: string): number {
  const [same, other]: [number[], number[]] = [[], []];
  for (let a = 0; a < records.length; a++)
    for (let b = a + 1; b < records.length; b++)
      (records[a]!.patient === records[b]!.patient ? same : other).push(
        distance(records[a]!.features[feature]!, records[b]!.features[feature]!),
      );
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [near, far] = [mean(same), mean(other)];
  const variance = mean(other.map((value) => (value - far) ** 2));
  return variance === 0
    ? near === far
      ? 0
      : Number.POSITIVE_INFINITY
    : (far - near) / Math.sqrt(variance / same.length);
}

/** Share of records whose nearest neighbour is of the same patient, in standard deviations from chance. */
function neighbours(records: readonly Public[], feature: string): number {
  const hits = records.filter((record) => {
    let [best, nearest]: [Public | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
    for (const one of records) {
      if (one === record) continue;
      const apart = distance(one.features[feature]!, record.features[feature]!);
      if (apart < nearest) [best, nearest] = [one, apart];
    }
    return best!.patient === record.patient;
  }).length;
  const chance = (RECORDS - 1) / (records.length - 1);
  const expected = records.length * chance;
  return (hits - expected) / Math.sqrt(expected * (1 - chance));
}

/** Share of neighbours in manifest order (by tag) that are of one patient, in standard deviations from chance. */
function adjacency(records: readonly Public[]): number {
  const sorted = [...records].sort((a, b) => Buffer.compare(a.features.tag!, b.features.tag!));
  const hits = sorted.filter((record, at) => at > 0 && sorted[at - 1]!.patient === record.patient).length;
  const chance = (RECORDS - 1) / (records.length - 1);
  const expected = (records.length - 1) * chance;
  return (hits - expected) / Math.sqrt(expected * (1 - chance));
}

describe.each(['hpke', 'umbral'] as const)('what is public of records with %s packets', (kind) => {
  const records = published(kind);
  const features = Object.keys(records[0]!.features);

  it('links records of one patient no better than chance', () => {
    const found = features.flatMap((feature) => [
      [feature, 'distance', nearer(records, feature)] as const,
      [feature, 'neighbour', neighbours(records, feature)] as const,
    ]);
    expect(found.filter(([, , z]) => Math.abs(z) > LIMIT)).toEqual([]);
    expect(Math.abs(adjacency(records))).toBeLessThan(LIMIT);
  });

  it('repeats nothing from one record to another', () => {
    for (const feature of features) {
      const values = new Set(records.map((record) => Buffer.from(record.features[feature]!).toString('hex')));
      expect([feature, values.size]).toEqual([feature, records.length]);
    }
  });
});

it('the same looks find a link where one is planted', () => {
  const planted = published('hpke').map((record) => {
    const tag = Buffer.from(record.features.tag!);
    // One byte of the tag follows from the patient, as an unkeyed digest would.
    tag[5] = createHash('sha256').update(String(record.patient)).digest()[0]!;
    return { ...record, features: { ...record.features, tag } };
  });
  expect(nearer(planted, 'tag')).toBeGreaterThan(LIMIT);
  expect(neighbours(planted, 'tag')).toBeGreaterThan(LIMIT);
});
