/**
 * The sealing street (seal, CIDs, CAR, import, anchor, receipts) against the raw reference of `reference.ts`, turn by
 * turn in one run: `node bench/sealing.ts [records]`. Ratios are medians of turns; the machine's load is in both.
 */
import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Anchorer } from '../anchor/chain/anchorer.ts';
import { makeReceipts } from '../anchor/chain/receipts.ts';
import { SealPool } from '../anchor/seal/pool.ts';
import { type RecordInput, type SealedBytes, sealRecord } from '../anchor/seal/record.ts';
import { tagFor } from '../anchor/seal/tag.ts';
import { type PackedBatch, packBatch, type RecordToPack } from '../anchor/store/batch.ts';
import { MemoryAnchors } from '../anchor/testing/anchor-table.ts';
import { derivePatientKeys } from '../core/keystore/patient-keys.ts';
import { reference } from './reference.ts';
import { CHAIN_ID, hospital, median, openStreet, type Street, signal } from './street.ts';

const RECORDS = Number(process.argv[2] ?? 10_000);
const RECORD_BYTES = 2048;
const BATCH = 1000;
const CHUNK = 64;
const TURNS = 5;

const patient = derivePatientKeys(randomBytes(32), randomBytes(32));
const bundles = Array.from({ length: RECORDS }, () => randomBytes(RECORD_BYTES));
let counter = 0n;

function input(bundle: Uint8Array): RecordInput {
  const tag = tagFor(patient.indexKey, counter++);
  return { hospital: 'bench', itemId: String(counter), tag, patient, bundle };
}

type Seal = (records: readonly RecordInput[]) => Promise<SealedBytes[]>;

async function street(parts: Street, seal: Seal): Promise<void> {
  const { rpc, contract } = parts;
  const store = new MemoryAnchors();
  const anchorer = new Anchorer({ rpc, chainId: CHAIN_ID, contract, signer: hospital, store, finality: 2 });
  // One batch behind, as the workflows do it: stored and anchored while the next one is sealed.
  let behind: Promise<void> = Promise.resolve();
  for (let at = 0; at < RECORDS; at += BATCH) {
    const records = sealed(bundles.slice(at, at + BATCH).map(input), seal);
    const packed = await packBatch({ hospital: 'bench', records }, join(parts.folder, `${counter}.car`));
    await behind;
    behind = storeAndAnchor(parts, anchorer, packed);
  }
  await behind;
}

async function storeAndAnchor({ kubo }: Street, anchorer: Anchorer, packed: PackedBatch): Promise<void> {
  const { carPath, manifestCid } = packed;
  await kubo.importCar(createReadStream(carPath, { highWaterMark: 1 << 20 }), manifestCid);
  const included = { until: 'included', deadlineMs: 60_000, pollMs: 5 } as const;
  const { event } = await anchorer.settle({ ...packed, id: manifestCid }, included, signal);
  makeReceipts({ chainId: CHAIN_ID, event, status: 'included' }, packed);
}

/** Two chunks are sealed ahead of the one that is packed. */
async function* sealed(records: readonly RecordInput[], seal: Seal): AsyncGenerator<RecordToPack> {
  const ahead: { chunk: readonly RecordInput[]; done: Promise<SealedBytes[]> }[] = [];
  for (let at = 0; at < records.length || ahead.length > 0; at += CHUNK) {
    const chunk = records.slice(at, at + CHUNK);
    if (chunk.length > 0) ahead.push({ chunk, done: seal(chunk) });
    if (ahead.length <= 2 && chunk.length > 0) continue;
    const next = ahead.shift()!;
    for (const [index, one] of (await next.done).entries()) yield toPack(next.chunk[index]!, one);
  }
}

function toPack({ itemId, tag }: RecordInput, { content, capsule, commitment }: SealedBytes): RecordToPack {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return { itemId, content, capsule, commitment: hex(commitment), tag: hex(tag) };
}

async function perSecond(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return RECORDS / ((performance.now() - start) / 1000);
}

const pool = new SealPool(2);
const onThreads: Seal = async (records) =>
  (await pool.seal(records)).map((one) => {
    if (one instanceof Error) throw one;
    return one;
  });
const inOneThread: Seal = async (records) => records.map(sealRecord);
const parts = await openStreet('pebbleds');
const figures = { raw: [] as number[], one: [] as number[], two: [] as number[] };
try {
  for (let turn = 0; turn < TURNS; turn++) {
    figures.raw.push(await perSecond(() => reference(parts, bundles, patient.x25519Public)));
    figures.one.push(await perSecond(() => street(parts, inOneThread)));
    figures.two.push(await perSecond(() => street(parts, onThreads)));
  }
} finally {
  await Promise.all([pool.close(), parts.close()]);
}
const ratio = (other: readonly number[]) => median(other.map((rate, turn) => rate / figures.raw[turn]!)).toFixed(2);
const rate = (rates: readonly number[]) => Math.round(median(rates)).toLocaleString('en');
process.stdout.write(`raw reference               ${rate(figures.raw)} records/s
street, one thread          ${rate(figures.one)} records/s, ${ratio(figures.one)} of the reference
street, two seal threads    ${rate(figures.two)} records/s, ${ratio(figures.two)} of the reference
`);
