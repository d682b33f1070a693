/** Seals, stores and anchors made-up records on real parts: what verification has to accept. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { canonicalBytes } from '../../core/json.ts';
import type { PatientKeys } from '../../core/keystore/keystore.ts';
import { derivePatientKeys } from '../../core/keystore/patient-keys.ts';
import type { PacketName } from '../seal/key-packet.ts';
import { sealPart } from '../seal/part.ts';
import { sealRecord } from '../seal/record.ts';
import { tagFor } from '../seal/tag.ts';
import { type PackedBatch, packBatch, type RecordToPack } from '../store/batch.ts';
import type { Kubo } from '../store/kubo.ts';
import type { Part } from '../store/manifest.ts';

export const HOSPITAL = 'chenguang';

export interface MadeRecord {
  readonly itemId: string;
  /** Canonical bytes. */
  readonly bundle: Uint8Array;
  readonly patient: PatientKeys;
  readonly packed: RecordToPack;
}

export function madePatient(n: number): PatientKeys {
  return derivePatientKeys(Buffer.alloc(32, 7), Buffer.alloc(32, n));
}

/**
 * @param n makes the record another one; its patient is one of five
 * @param options `filler` characters in the bundle; `parts` bytes of each part, which are stored at once
 */
export async function madeRecord(
  n: number,
  options: { filler?: number; parts?: readonly number[]; kubo?: Kubo; keyPacket?: PacketName } = {},
): Promise<MadeRecord> {
  const patient = madePatient(n % 5);
  const tag = tagFor(patient.indexKey, BigInt(n));
  const itemId = n.toString(16).padStart(32, '0');
  const div = 'x'.repeat(options.filler ?? 500);
  const bundle = canonicalBytes({
    resourceType: 'Bundle',
    type: 'transaction',
    id: `made-${n}`,
    meta: { source: div },
  });
  const place = { hospital: HOSPITAL, itemId, tag };
  const { content, capsule, commitment, dataKey } = sealRecord({
    ...place,
    patient,
    bundle,
    ...(options.keyPacket && { keyPacket: options.keyPacket }),
  });
  const parts: Part[] = [];
  for (const [index, size] of (options.parts ?? []).entries()) {
    const bytes = Buffer.alloc(size, index + 1);
    const sha256 = createHash('sha256').update(bytes).digest();
    const sealed = sealPart({ ...place, dataKey, index, sha256 }, once(bytes));
    parts.push(await options.kubo!.addStream(sealed));
  }
  return {
    itemId,
    bundle,
    patient,
    packed: {
      itemId,
      content,
      capsule,
      commitment: Buffer.from(commitment).toString('hex'),
      tag: Buffer.from(tag).toString('hex'),
      ...(parts.length > 0 ? { parts } : {}),
    },
  };
}

/** Packs and imports; the batch is pinned when this resolves. */
export async function storeBatch(records: readonly MadeRecord[], folder: string, kubo: Kubo): Promise<PackedBatch> {
  const path = join(folder, `${records[0]!.itemId}.car`);
  const packed = await packBatch({ hospital: HOSPITAL, records: records.map((record) => record.packed) }, path);
  await kubo.importCar(createReadStream(path), packed.manifestCid);
  return packed;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
