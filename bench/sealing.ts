/**
 * The sealing street (seal, CIDs, CAR, import, anchor, receipts) against the raw reference of `reference.ts`, turn by
 * turn in one run: `node bench/sealing.ts [records] [hpke|umbral]`. Ratios are medians of turns; the machine's load is
 * in both.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Anchorer } from '../anchor/chain/anchorer.ts';
import { makeReceipts } from '../anchor/chain/receipts.ts';
import type { PacketName } from '../anchor/seal/key-packet.ts';
import { type NamedRecord, type RecordToSeal, sealNamed } from '../anchor/seal/named.ts';
import { SealPool } from '../anchor/seal/pool.ts';
import { tagFor } from '../anchor/seal/tag.ts';
import { type PackedBatch, packBatch, type RecordToPack } from '../anchor/store/batch.ts';
import { MemoryAnchors } from '../anchor/testing/anchor-table.ts';
import { derivePatientKeys } from '../core/keystore/patient-keys.ts';
import { reference } from './reference.ts';
import { CHAIN_ID, hospital, median, openStreet, type Street, signal } from './street.ts';

const RECORDS = Number(process.argv[2] ?? 10_000);
const keyPacket = (process.argv[3] ?? 'hpke') as PacketName;
const RECORD_BYTES = 2048;
const BATCH = 1000;
/** Records that a thread gets at once. */
const CHUNK = 50;
/** Chunks that are sealed ahead of the one that is packed. */
const AHEAD = 4;
/** Batches that are stored or anchored while the next one is packed. */
const BEHIND = 2;
const TURNS = 5;

const patient = derivePatientKeys(randomBytes(32), randomBytes(32));
const bundles = Array.from({ length: RECORDS }, () => randomBytes(RECORD_BYTES));
let counter = 0n;

function input(bundle: Uint8Array): RecordToSeal {
  const tag = tagFor(patient.indexKey, counter++);
  return { hospital: 'bench', itemId: String(counter), tag, patient, bundle, keyPacket };
}

type Seal = (records: readonly RecordToSeal[]) => Promise<NamedRecord[]>;

async function street(parts: Street, seal: Seal): Promise<void> {
  const { rpc, contract } = parts;
  const store = new MemoryAnchors();
  const anchorer = new Anchorer({ rpc, chainId: CHAIN_ID, contract, signer: hospital, store, finality: 2 });
  const records = sealed(seal);
  const behind: Promise<void>[] = [];
  // Stored in turn and anchored in turn, as the activities and the anchor workflow do it beside the sealing of the next.
  let stored: Promise<unknown> = Promise.resolve();
  let anchored: Promise<unknown> = Promise.resolve();
  for (let done = 0; done < RECORDS; done += BATCH) {
    const path = join(parts.folder, `${counter}.car`);
    const packed = await packBatch({ hospital: 'bench', records: taken(records, BATCH) }, path);
    const storing = stored.then(() => storeBatch(parts, packed));
    const anchoring = Promise.all([anchored, storing]).then(() => anchorBatch(anchorer, packed));
    [stored, anchored] = [storing, anchoring];
    behind.push(anchoring);
    if (behind.length > BEHIND) await behind.shift();
  }
  await Promise.all(behind);
}

async function storeBatch({ kubo }: Street, { carPath, manifestCid }: PackedBatch): Promise<void> {
  await kubo.importCar(createReadStream(carPath, { highWaterMark: 1 << 20 }), manifestCid);
  await rm(carPath);
}

async function anchorBatch(anchorer: Anchorer, packed: PackedBatch): Promise<void> {
  const included = { until: 'included', deadlineMs: 60_000, pollMs: 5 } as const;
  const { event } = await anchorer.settle({ ...packed, id: packed.manifestCid }, included, signal);
  makeReceipts({ chainId: CHAIN_ID, event, status: 'included' }, packed);
}

/** All records in order, some chunks ahead. */
async function* sealed(seal: Seal): AsyncGenerator<RecordToPack> {
  const ahead: { chunk: readonly RecordToSeal[]; done: Promise<NamedRecord[]> }[] = [];
  for (let at = 0; at < RECORDS || ahead.length > 0; at += CHUNK) {
    const chunk = bundles.slice(at, at + CHUNK).map(input);
    if (chunk.length > 0) ahead.push({ chunk, done: seal(chunk) });
    if (ahead.length <= AHEAD && at + CHUNK < RECORDS) continue;
    const next = ahead.shift()!;
    for (const [index, one] of (await next.done).entries()) yield toPack(next.chunk[index]!, one);
  }
}

async function* taken<T>(source: AsyncGenerator<T>, count: number): AsyncGenerator<T> {
  for (let left = count; left > 0; left--) {
    const { done, value } = await source.next();
    if (done) return;
    yield value;
  }
}

function toPack({ itemId, tag }: RecordToSeal, { content, capsule, commitment, names }: NamedRecord): RecordToPack {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return { itemId, content, capsule, commitment: hex(commitment), tag: hex(tag), names };
}

const pool = new SealPool(2);
const onThreads: Seal = async (records) =>
  (await pool.seal(records)).map((one) => {
    if (one instanceof Error) throw one;
    return one;
  });
const inOneThread: Seal = async (records) => {
  // What else this thread has to do comes in between.
  await turn();
  return records.map((record) => sealNamed(record));
};

interface Figure {
  readonly perSecond: number;
  /** Of this process with its threads, microseconds a record. */
  readonly cpu: number;
}

async function measured(work: () => Promise<void>): Promise<Figure> {
  const before = process.cpuUsage();
  const start = performance.now();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { perSecond: RECORDS / ((performance.now() - start) / 1000), cpu: (user + system) / RECORDS };
}

const parts = await openStreet('pebbleds');
const figures = { raw: [] as Figure[], one: [] as Figure[], two: [] as Figure[] };
try {
  for (let turns = 0; turns < TURNS; turns++) {
    figures.raw.push(await measured(() => reference(parts, bundles, { ...patient, keyPacket })));
    figures.one.push(await measured(() => street(parts, inOneThread)));
    figures.two.push(await measured(() => street(parts, onThreads)));
  }
} finally {
  await Promise.all([pool.close(), parts.close()]);
}

function line(name: string, all: readonly Figure[]): string {
  const rate = Math.round(median(all.map(({ perSecond }) => perSecond))).toLocaleString('en');
  const ratio = median(all.map(({ perSecond }, at) => perSecond / figures.raw[at]!.perSecond)).toFixed(2);
  const cpu = Math.round(median(all.map((one) => one.cpu)));
  return `${name.padEnd(27)} ${rate} records/s, ${ratio} of the reference, ${cpu} us of processor a record\n`;
}

process.stdout.write(
  line('raw reference', figures.raw) +
    line('street, one thread', figures.one) +
    line('street, two seal threads', figures.two),
);
