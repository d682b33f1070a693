/** 10,000 random changes to whatever a verification reads: none is accepted, whichever check has to find it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BridgeError } from '../../core/errors.ts';
import type { Receipt } from '../../core/types.ts';
import { holding, loadSample, RecordedChain, type Sample } from '../../samples/receipts/sample.ts';
import { manifestDigest } from '../chain/health-index.ts';
import { leafOf, merkleTree } from '../chain/merkle.ts';
import { openPart } from '../seal/part.ts';
import { openRecord } from '../seal/record.ts';
import { blockCid, DAG_CBOR } from '../store/cid.ts';
import { decodeManifest, decodeParts, type Part } from '../store/manifest.ts';
import { type Change, change, changed } from '../testing/mutation.ts';
import { VerifyCache } from './cache.ts';
import type { VerifyKey } from './key-checks.ts';
import { verifyReceipt } from './verify.ts';

const RUNS = 10_000;
const signal = AbortSignal.timeout(170_000);

/** One record of the samples with all that a verification of it reads. */
class Subject {
  readonly text: string;
  readonly receipt: Receipt;
  readonly key: VerifyKey;
  readonly sample: Sample;
  readonly parts: readonly Part[];
  readonly #rpc: RecordedChain;

  constructor(sample: Sample, name: string) {
    this.sample = sample;
    this.text = sample.receipt(name);
    this.receipt = JSON.parse(this.text);
    this.key = sample.key(name);
    this.#rpc = new RecordedChain(sample.recorded);
    const { partsCid } = this.receipt.record;
    this.parts = partsCid ? decodeParts(sample.blocks.get(partsCid)!) : [];
  }

  /** Manifest, content, key packet, parts index, and each part of one block. */
  get cids(): readonly string[] {
    const { batch, record } = this.receipt;
    const parts = this.parts.map(({ cid }) => cid);
    return [
      batch.manifest,
      record.contentCid,
      record.capsuleCid,
      ...(record.partsCid ? [record.partsCid] : []),
      ...parts,
    ];
  }

  verdict(of: unknown, changes = new Map<string, Uint8Array>()) {
    const kubo = holding(this.sample.blocks, changes);
    const { trusted } = this.sample;
    return verifyReceipt(of, { rpc: this.#rpc, kubo, key: this.key, trusted, cache: new VerifyCache() }, signal);
  }
}

const [hpke, umbral] = await Promise.all(['format-1', 'format-1-umbral'].map(loadSample));
/** A plain record, one with parts, and one with parts and an Umbral packet. */
const subjects = [small(hpke!, false), small(hpke!, true), small(umbral!, true)];

function small(sample: Sample, parts: boolean): Subject {
  const all = sample.names.map((name) => new Subject(sample, name));
  return all.find((one) => one.parts.length > 0 === parts && one.receipt.record.size < 1 << 20)!;
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

test('unchanged, all pass', async () => {
  for (const subject of subjects) {
    const { checks } = await subject.verdict(subject.text);
    expect(checks.filter((check) => check.status !== 'pass')).toEqual([]);
  }
  expect(subjects.map(({ cids }) => cids.length)).toEqual([3, 6, 5]);
});

test('no changed content, key packet, manifest, part, receipt or proof is accepted', { timeout: 170_000 }, async () => {
  let made = 0;
  const target = fc.tuple(fc.nat(subjects.length - 1), fc.oneof(fc.constantFrom('receipt', 'proof'), fc.nat(5)));
  await fc.assert(
    fc.asyncProperty(target, change, async ([n, what], by) => {
      const subject = subjects[n]!;
      const accepted = await (what === 'receipt'
        ? receiptAccepted(subject, by)
        : what === 'proof'
          ? proofAccepted(subject, by)
          : blockAccepted(subject, subject.cids[(what as number) % subject.cids.length]!, by));
      if (accepted !== undefined) made++;
      expect(accepted ?? false).toBe(false);
    }),
    { numRuns: RUNS + RUNS / 10 },
  );
  expect(made).toBeGreaterThanOrEqual(RUNS);
});

/** Undefined where nothing was changed. A node that serves it is found out; and what hides behind the hash holds by itself. */
async function blockAccepted(subject: Subject, cid: string, by: Change): Promise<boolean | undefined> {
  const before = subject.sample.blocks.get(cid)!;
  const bytes = changed(before, by);
  if (same(bytes, before)) return undefined;
  const { status } = await subject.verdict(subject.text, new Map([[cid, bytes]]));
  return status !== 'fail' || (await acceptedWithoutHash(subject, cid, bytes));
}

async function acceptedWithoutHash({ receipt, sample, key, parts }: Subject, cid: string, bytes: Uint8Array) {
  const { contentCid, capsuleCid, partsCid } = receipt.record;
  try {
    if (cid === receipt.batch.manifest) {
      const { records } = decodeManifest(bytes);
      const digest = manifestDigest(blockCid(DAG_CBOR, bytes).toString());
      return merkleTree(records.map(leafOf)).root === receipt.batch.root && digest === manifestDigest(cid);
    }
    // The leaf holds the CID of the parts index: there is nothing behind the hash.
    if (cid === partsCid) return false;
    const content = cid === contentCid ? bytes : sample.blocks.get(contentCid)!;
    const capsule = cid === capsuleCid ? bytes : sample.blocks.get(capsuleCid)!;
    const record = openRecord({ content, capsule, privateKey: key });
    const index = parts.findIndex((part) => part.cid === cid);
    if (index >= 0) await Array.fromAsync(openPart({ ...record, index }, once(bytes)));
    return true;
  } catch (error) {
    if (error instanceof BridgeError) return false;
    throw error;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function receiptAccepted(subject: Subject, by: Change): Promise<boolean | undefined> {
  const mutated = Buffer.from(changed(Buffer.from(subject.text), by)).toString();
  if (sameJson(mutated, subject.text)) return undefined;
  return (await subject.verdict(mutated)).status !== 'fail';
}

async function proofAccepted(subject: Subject, by: Change): Promise<boolean | undefined> {
  const { receipt } = subject;
  const bytes = Buffer.from(receipt.proof.map((hash) => hash.slice(2)).join(''), 'hex');
  const mutated = Buffer.from(changed(bytes, by)).toString('hex');
  const proof = (mutated.match(/.{1,64}/g) ?? []).map((hash) => `0x${hash}`);
  if (proof.join() === receipt.proof.join()) return undefined;
  return (await subject.verdict({ ...receipt, proof })).status !== 'fail';
}

function sameJson(a: string, b: string): boolean {
  try {
    return JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b));
  } catch {
    return false;
  }
}
