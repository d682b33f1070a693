/** The third step: bundles sealed for their patients, packed with their manifest into one CAR file. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedRecord, RecordToSeal } from '../../anchor/seal/named.ts';
import { sealPart } from '../../anchor/seal/part.ts';
import type { SealPool } from '../../anchor/seal/pool.ts';
import { tagFor } from '../../anchor/seal/tag.ts';
import { type PackedBatch, packBatch, type RecordToPack } from '../../anchor/store/batch.ts';
import { BridgeError } from '../../core/errors.ts';
import { failpoint } from '../../core/failpoint.ts';
import type { ItemRow, Refusal, SealedItem } from '../../core/journal/index.ts';
import type { StepDeps } from './deps.ts';
import { type BatchScorer, batchScorer } from './score.ts';
import { stepError } from './step.ts';

/** What a thread gets at once. */
const CHUNK_ITEMS = 64;
const CHUNK_BYTES = 4 << 20;

export async function sealBatch(
  deps: StepDeps,
  batch: string,
  signal: AbortSignal,
): Promise<{ sealed: number; deadLettered: number }> {
  const { journal, hospital, carFolder } = deps;
  const row = await journal.batch(batch);
  if (row.state !== 'normalized') return { sealed: row.count, deadLettered: 0 };
  const items = (await journal.batchItems(batch)).filter((item) => !item.dead && item.bundle !== null);
  const refused: Refusal[] = [];
  await mkdir(carFolder, { recursive: true });
  const scorer = batchScorer(deps);
  const records = sealAll(deps, items, scorer, refused, signal);
  const packed = await packUnlessEmpty(hospital.id, records, join(carFolder, `${batch}.car`));
  failpoint('seal.packed');
  await journal.addSealed(batch, {
    manifestCid: packed?.manifestCid ?? '',
    root: packed?.root ?? '',
    carPath: packed?.carPath ?? '',
    records: packed ? sealedItems(packed) : [],
    scores: scorer.scores(),
    ...(packed?.quality !== undefined && { quality: packed.quality }),
    refused,
  });
  failpoint('seal.journaled');
  deps.metrics.records(row.feed, 'seal', 'ok', packed?.count ?? 0);
  deps.metrics.records(row.feed, 'seal', 'dead-letter', refused.length);
  return { sealed: packed?.count ?? 0, deadLettered: refused.length };
}

/** Undefined when every record was refused: a batch of none is no batch. */
async function packUnlessEmpty(
  hospital: string,
  records: AsyncGenerator<RecordToPack>,
  path: string,
): Promise<PackedBatch | undefined> {
  const first = await records.next();
  if (first.done) return undefined;
  async function* all() {
    yield first.value as RecordToPack;
    yield* records;
  }
  return packBatch({ hospital, records: all() }, path);
}

function sealedItems({ order, records }: PackedBatch): SealedItem[] {
  return records.map((record, index) => ({ item: order[index]!, ...record }));
}

/** A few chunks in memory. A record that cannot be sealed goes to `refused`; an outage ends the step. */
async function* sealAll(
  deps: StepDeps,
  items: readonly ItemRow[],
  scorer: BatchScorer,
  refused: Refusal[],
  signal: AbortSignal,
): AsyncGenerator<RecordToPack> {
  for await (const { item, record, sealed } of sealedAhead(deps, items, signal)) {
    signal.throwIfAborted();
    try {
      if (sealed instanceof Error) throw sealed;
      yield await finishRecord(deps, item, { record: record!, sealed }, scorer, signal);
    } catch (error) {
      const { code, kind } = stepError(error);
      if (kind !== 'permanent' || signal.aborted) throw error;
      refused.push({ item: item.id, status: 'rejected', code });
    }
  }
}

interface Sealing {
  readonly item: ItemRow;
  readonly record?: RecordToSeal;
  readonly sealed: NamedRecord | Error;
}

/** In the order of the items; the threads work on chunks that come after the one that is being packed. */
async function* sealedAhead(deps: StepDeps, items: readonly ItemRow[], signal: AbortSignal): AsyncGenerator<Sealing> {
  const ahead: Promise<Sealing[]>[] = [];
  const likenessKey = deps.keystore.hospitalKey('dhc/likeness/1');
  for await (const chunk of chunks(deps, items, signal)) {
    const sealing = sealChunk(deps.sealPool, chunk, likenessKey);
    // Awaited in its turn.
    sealing.catch(() => {});
    ahead.push(sealing);
    if (ahead.length > deps.sealPool.size) yield* await ahead.shift()!;
  }
  for (const sealing of ahead) yield* await sealing;
}

type Prepared = Pick<Sealing, 'item' | 'record'> & { readonly error?: Error };

async function sealChunk(pool: SealPool, chunk: readonly Prepared[], likenessKey: Uint8Array): Promise<Sealing[]> {
  const records = chunk.flatMap(({ record }) => (record ? [record] : []));
  const sealed = await pool.seal(records, likenessKey);
  let at = 0;
  return chunk.map(({ item, record, error }) =>
    record ? { item, record, sealed: sealed[at++]! } : { item, sealed: error! },
  );
}

/** Up to so many records or bytes. */
async function* chunks(deps: StepDeps, items: readonly ItemRow[], signal: AbortSignal): AsyncGenerator<Prepared[]> {
  let chunk: Prepared[] = [];
  let bytes = 0;
  for (const item of items) {
    signal.throwIfAborted();
    const prepared = await prepare(deps, item);
    chunk.push(prepared);
    bytes += prepared.record?.bundle.length ?? 0;
    if (chunk.length < CHUNK_ITEMS && bytes < CHUNK_BYTES) continue;
    yield chunk;
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}

async function prepare(deps: StepDeps, item: ItemRow): Promise<Prepared> {
  try {
    const bundle = await deps.spool.get(item.bundle!);
    if (!bundle || item.patientRef === null || item.tagCounter === null) {
      throw new BridgeError('spool.missing', 'the bundle of an item is gone');
    }
    const patient = deps.keystore.patientKeys(item.patientRef);
    const tag = tagFor(patient.indexKey, BigInt(item.tagCounter));
    const place = { hospital: deps.hospital.id, itemId: item.id, tag };
    const record = { ...place, patient, bundle, keyPacket: deps.keyPacket, mapped: item.quality ?? 1 };
    return { item, record };
  } catch (error) {
    return { item, error: stepError(error) };
  }
}

async function finishRecord(
  deps: StepDeps,
  item: ItemRow,
  { record: { tag }, sealed }: { record: RecordToSeal; sealed: NamedRecord },
  scorer: BatchScorer,
  signal: AbortSignal,
): Promise<RecordToPack> {
  const parts = await storeParts(deps, item, { dataKey: sealed.dataKey, tag }, signal);
  return {
    itemId: item.id,
    content: sealed.content,
    capsule: sealed.capsule,
    commitment: Buffer.from(sealed.commitment).toString('hex'),
    tag: Buffer.from(tag).toString('hex'),
    ...(parts.length > 0 ? { parts } : {}),
    score: await scorer.add(item, sealed.quality!),
    names: sealed.names,
  };
}

/** Parts go to the node as they are sealed; the manifest, which comes later, holds on to them. */
async function storeParts(
  deps: StepDeps,
  item: ItemRow,
  { dataKey, tag }: { dataKey: Uint8Array; tag: Uint8Array },
  signal: AbortSignal,
) {
  const stored = [];
  for (const [index, part] of item.parts.entries()) {
    const place = { dataKey, index, hospital: deps.hospital.id, tag, sha256: Buffer.from(part.sha256, 'hex') };
    const bytes = deps.spool.open(part.spool, { lend: true });
    stored.push(await deps.kubo.addStream(sealPart(place, bytes, { lend: true }), signal));
    failpoint('seal.part-stored');
  }
  return stored;
}
