/**
 * A hospital, or who has its account, anchors bytes that are not what they should be: chain, manifest, CIDs and proof all
 * hold, and what is wrong lies behind them. Each is a failure by name, and nothing of the content comes out.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CarReader } from '@ipld/car';
import { decode, encode } from '@ipld/dag-cbor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readHeader } from '../../core/crypto/message.ts';
import { BridgeError } from '../../core/errors.ts';
import type { Receipt } from '../../core/types.ts';
import { makeReceipts } from '../chain/receipts.ts';
import { openRecord, sealRecord } from '../seal/record.ts';
import { tagFor } from '../seal/tag.ts';
import { packBatch, type RecordToPack } from '../store/batch.ts';
import type { BlockSource, Kubo } from '../store/kubo.ts';
import { unixfsBlocks } from '../store/unixfs.ts';
import { Anchoring, CHAIN_ID, hospital, soon } from '../testing/anchoring.ts';
import { HOSPITAL, type MadeRecord, madePatient, madeRecord } from '../testing/street.ts';
import { VerifyCache } from './cache.ts';
import type { VerifyKey } from './key-checks.ts';
import { verifyReceipt } from './verify.ts';

const signal = AbortSignal.timeout(110_000);
const MIB = 1 << 20;
const blocks = new Map<string, Uint8Array>();
const store: BlockSource = {
  async blockGet(cid) {
    const bytes = blocks.get(cid);
    if (!bytes) throw new BridgeError('store.missing', 'no such block');
    return bytes;
  },
};
/** Sealed parts by CID. */
const files = new Map<string, Uint8Array>();
/** Keeps files in memory. */
const kubo = {
  async addStream(source: AsyncIterable<Uint8Array>) {
    const bytes = Buffer.concat(await Array.fromAsync(source));
    const cid = keepFile(bytes);
    files.set(cid, bytes);
    return { cid, size: bytes.length };
  },
} as unknown as Kubo;

interface Case {
  readonly name: string;
  /** The checks that fail, in their order. */
  readonly fails: readonly string[];
  readonly record: MadeRecord;
  readonly packed: RecordToPack;
  readonly key?: VerifyKey;
}

const OPENING = ['key packet', 'decryption'];
let cases: Case[];
let receipts: Map<string, Receipt>;
let on: Anchoring;
let folder: string;

beforeAll(async () => {
  [on, folder, cases] = await Promise.all([Anchoring.start(signal), mkdtemp(join(tmpdir(), 'dhc-')), made()]);
  const records = cases.map((one) => one.packed);
  const packed = await packBatch({ hospital: HOSPITAL, records }, join(folder, 'batch.car'));
  for await (const { cid, bytes } of (await CarReader.fromBytes(await readFile(packed.carPath))).blocks())
    blocks.set(cid.toString(), bytes);
  const { event } = await on.anchorer().settle({ ...packed, id: 'tampered' }, soon, signal);
  await on.mine(3);
  const list = makeReceipts({ chainId: CHAIN_ID, event, status: 'final' }, packed);
  receipts = new Map(list.map((receipt) => [packed.order[receipt.index]!, receipt]));
});
afterAll(async () => {
  await on?.chain.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('anchored and not what it should be', () => {
  test('every case, by name', async () => {
    const said: Record<string, readonly string[]> = {};
    const cache = new VerifyCache();
    for (const { name, record, key = record.patient } of cases) {
      const trusted = { chainId: CHAIN_ID, contract: on.contract };
      const options = { rpc: on.chain.rpc, kubo: store, trusted, key, cache };
      const { checks } = await verifyReceipt(receipts.get(record.itemId), options, signal);
      said[name] = checks.filter(({ status }) => status === 'fail').map((check) => check.name);
    }
    expect(said).toEqual(Object.fromEntries(cases.map(({ name, fails }) => [name, fails])));
    expect(hospital.address).toBe([...receipts.values()][0]!.hospital);
  });

  test('where the content does not open, nothing of it comes out', () => {
    for (const { name, fails, record, packed, key = record.patient } of cases) {
      if (!fails.includes('decryption')) continue;
      const { content, capsule } = packed;
      expect(() => openRecord({ content, capsule, privateKey: key }), name).toThrowError(
        expect.objectContaining({ code: 'seal.open', message: 'the sealed bytes cannot be opened' }),
      );
    }
  });
});

async function made(): Promise<Case[]> {
  let n = 0;
  const all: Case[] = [];
  async function add(
    name: string,
    fails: readonly string[],
    change: (record: MadeRecord) => Partial<RecordToPack> & { key?: VerifyKey } = () => ({}),
    options: Parameters<typeof madeRecord>[1] = {},
  ): Promise<MadeRecord> {
    const record = await madeRecord(n++, { ...options, kubo });
    const { key, ...changed } = change(record);
    all.push({ name, fails, record, packed: { ...record.packed, ...changed }, ...(key && { key }) });
    return record;
  }

  const good = await add('nothing', []);
  await add('nothing, in three frames', [], undefined, { filler: 2.5 * MIB });

  for (const [region, fails, at] of REGIONS)
    await add(`C1, a bit of its ${region}`, fails, ({ packed: { content } }) => ({
      content: flip(content, at(content)),
    }));
  await add('C1, its last byte cut off', ['decryption'], ({ packed: { content } }) => ({
    content: content.slice(0, -1),
  }));
  await add('C1, a byte put behind', ['decryption'], ({ packed: { content } }) => ({
    content: Buffer.concat([content, Buffer.alloc(1)]),
  }));
  await add(
    'C1, two frames swapped',
    ['decryption'],
    framesOf((head, [a, b, c]) => [head, b!, a!, c!]),
    large(),
  );
  await add(
    'C1, a frame left out',
    ['decryption'],
    framesOf((head, [a, , c]) => [head, a!, c!]),
    large(),
  );
  await add(
    'C1, the last frame cut off',
    ['decryption'],
    framesOf((head, [a, b]) => [head, a!, b!]),
    large(),
  );
  await add('C1, the head of another record of the patient', ['header', ...OPENING], ({ packed: { content } }) => ({
    content: Buffer.concat([head(good.packed.content), content.slice(readHeader(content).length)]),
  }));

  for (const field of ['v', 'alg', 'enc', 'ct'])
    await add(`C2, a bit of ${field}`, OPENING, ({ packed: { capsule } }) => ({ capsule: flipField(capsule, field) }));
  for (const field of ['capsule', 'ct'])
    await add(
      `C2 of Umbral, a bit of ${field}`,
      OPENING,
      ({ packed: { capsule } }) => ({ capsule: flipField(capsule, field) }),
      { keyPacket: 'umbral' },
    );
  await add('C2 of another record', OPENING, () => ({ capsule: good.packed.capsule }));
  await add('C2 with a field more', OPENING, ({ packed: { capsule } }) => ({
    capsule: encode({ ...decode<object>(capsule), note: Buffer.alloc(1) }),
  }));

  await add('the commitment of another record', ['commitment'], () => ({ commitment: good.packed.commitment }));
  await add("a tag that is none of the patient's", ['header', 'tag'], () => ({
    tag: Buffer.from(tagFor(madePatient(99).indexKey, 0n)).toString('hex'),
  }));
  await add('a content that is no bundle', ['bundle'], (record) =>
    sealedAs(record, HOSPITAL, '{"resourceType":"Patient"}'),
  );
  await add('a content of another hospital', ['header'], (record) =>
    sealedAs(record, 'elsewhere', '{"resourceType":"Bundle"}'),
  );
  await add('the key of another patient', [...OPENING, 'tag'], () => ({ key: madePatient(98) }));

  const parts = { parts: [10, 2.5 * MIB, 2.5 * MIB] };
  await add('nothing, with parts', [], undefined, parts);
  await add(
    'two parts swapped',
    ['part contents'],
    ({ packed: { parts: [a, b, c] = [] } }) => ({ parts: [a!, c!, b!] }),
    parts,
  );
  await add(
    'a part, a bit of it',
    ['part contents'],
    changedPart((bytes) => flip(bytes, bytes.length >> 1)),
    parts,
  );
  await add(
    'a part, its end cut off',
    ['part contents'],
    changedPart((bytes) => bytes.slice(0, -1)),
    parts,
  );
  await add(
    'a part, two frames swapped',
    ['part contents'],
    changedPart((bytes) => swapFrames(bytes)),
    parts,
  );
  return all;
}

/** Where a region of C1 begins. */
const REGIONS: readonly [string, readonly string[], (content: Uint8Array) => number][] = [
  ['version', ['header', ...OPENING], () => 0],
  ['suite', ['header', ...OPENING], () => 2],
  ['message id', ['decryption'], () => 3],
  ['context, a name', ['header', ...OPENING.slice(1)], (content) => Buffer.from(content).indexOf('dhc:hospital')],
  ['context, the hospital', ['header', 'decryption'], (content) => Buffer.from(content).indexOf(HOSPITAL)],
  ['context, the tag', ['header', 'decryption'], (content) => Buffer.from(content).indexOf('dhc:tag') + 9],
  ["key entry's provider", OPENING, (content) => Buffer.from(content).indexOf('dhc.key-packet')],
  ['binder', OPENING, (content) => Buffer.from(content).indexOf('dhc.key-packet') + 19],
  ['content type', ['header', ...OPENING], (content) => readHeader(content).length - 16 - 32 - 5],
  ['frame length', ['header', ...OPENING], (content) => readHeader(content).length - 16 - 32 - 4],
  ['key commitment', ['decryption'], (content) => readHeader(content).length - 16 - 32],
  ["head's tag", ['decryption'], (content) => readHeader(content).length - 16],
  ['final mark', ['decryption'], (content) => readHeader(content).length],
  ['frame number', ['decryption'], (content) => readHeader(content).length + 7],
  ['IV', ['decryption'], (content) => readHeader(content).length + 8],
  ['length', ['decryption'], (content) => readHeader(content).length + 23],
  ['ciphertext', ['decryption'], (content) => readHeader(content).length + 24],
  ["frame's tag", ['decryption'], (content) => content.length - 1],
];

function keepFile(bytes: Uint8Array): string {
  const all = unixfsBlocks(bytes);
  for (;;) {
    const { value, done } = all.next();
    if (done) return value.toString();
    blocks.set(value.cid.toString(), value.bytes);
  }
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
}

function flipField(capsule: Uint8Array, field: string): Uint8Array {
  const fields = decode<Record<string, unknown>>(capsule);
  const value = fields[field];
  const changed =
    value instanceof Uint8Array ? flip(value, value.length - 1) : typeof value === 'number' ? value + 1 : `${value}x`;
  return encode({ ...fields, [field]: changed });
}

function head(content: Uint8Array): Uint8Array {
  return content.slice(0, readHeader(content).length);
}

function large() {
  return { filler: 2.5 * MIB };
}

/** Number, IV, ciphertext and tag of each frame but the last one. */
const FRAME = 16 + MIB + 16;

function framesOf(arrange: (head: Uint8Array, frames: readonly Uint8Array[]) => Uint8Array[]) {
  return ({ packed: { content } }: MadeRecord) => {
    const first = readHeader(content).length;
    const frames = [0, 1].map((n) => content.slice(first + n * FRAME, first + (n + 1) * FRAME));
    return { content: Buffer.concat(arrange(head(content), [...frames, content.slice(first + 2 * FRAME)])) };
  };
}

function swapFrames(bytes: Uint8Array): Uint8Array {
  const first = readHeader(bytes).length;
  const frame = (n: number) => bytes.slice(first + n * FRAME, first + (n + 1) * FRAME);
  return Buffer.concat([bytes.slice(0, first), frame(1), frame(0), bytes.slice(first + 2 * FRAME)]);
}

/** The second part with other bytes, and a parts index that says so. */
function changedPart(change: (bytes: Uint8Array) => Uint8Array) {
  return ({ packed: { parts = [] } }: MadeRecord) => {
    const bytes = change(files.get(parts[1]!.cid)!);
    return { parts: parts.map((part, index) => (index === 1 ? { cid: keepFile(bytes), size: bytes.length } : part)) };
  };
}

/** A record sealed well with something else in it. */
function sealedAs({ itemId, patient, packed }: MadeRecord, hospitalId: string, bundle: string): Partial<RecordToPack> {
  const tag = Buffer.from(packed.tag, 'hex');
  const sealed = sealRecord({ hospital: hospitalId, itemId, tag, patient, bundle: Buffer.from(bundle) });
  const { content, capsule, commitment } = sealed;
  return { content, capsule, commitment: Buffer.from(commitment).toString('hex') };
}
