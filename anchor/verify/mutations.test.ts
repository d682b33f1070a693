/** 10,000 random changes to whatever a verification reads: none is accepted, whichever check has to find it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BridgeError } from '../../core/errors.ts';
import type { Receipt } from '../../core/types.ts';
import { holding, loadSample, RecordedChain } from '../../samples/receipts/sample.ts';
import { manifestDigest } from '../chain/health-index.ts';
import { leafOf, merkleTree } from '../chain/merkle.ts';
import { openRecord } from '../seal/record.ts';
import { blockCid, DAG_CBOR } from '../store/cid.ts';
import { decodeManifest } from '../store/manifest.ts';
import { type Change, change, changed } from '../testing/mutation.ts';
import { VerifyCache } from './cache.ts';
import { verifyReceipt } from './verify.ts';

const RUNS = 10_000;
const { blocks, trusted, recorded, ...sample } = await loadSample('format-1');
const text = sample.receipt('0-0');
const receipt = JSON.parse(text) as Receipt;
const key = sample.key('0-0');
const { contentCid, capsuleCid } = receipt.record;
const signal = AbortSignal.timeout(170_000);
const rpc = new RecordedChain(recorded);

function verdict(of: unknown, changes = new Map<string, Uint8Array>()) {
  return verifyReceipt(of, { rpc, kubo: holding(blocks, changes), key, trusted, cache: new VerifyCache() }, signal);
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

test('unchanged, it passes', async () => {
  const { checks } = await verdict(text);
  expect(checks.filter((check) => check.status !== 'pass')).toEqual([]);
});

test('no changed content, key packet, manifest, receipt or proof is accepted', { timeout: 170_000 }, async () => {
  let made = 0;
  const target = fc.constantFrom('content', 'capsule', 'manifest', 'receipt', 'proof');
  await fc.assert(
    fc.asyncProperty(target, change, async (what, by) => {
      const accepted = await (what === 'receipt'
        ? receiptAccepted(by)
        : what === 'proof'
          ? proofAccepted(by)
          : blockAccepted(
              what === 'content' ? contentCid : what === 'capsule' ? capsuleCid : receipt.batch.manifest,
              by,
            ));
      if (accepted !== undefined) made++;
      expect(accepted ?? false).toBe(false);
    }),
    { numRuns: RUNS + RUNS / 10 },
  );
  expect(made).toBeGreaterThanOrEqual(RUNS);
});

/** Undefined where nothing was changed. A node that serves it is found out; and what hides behind the hash holds by itself. */
async function blockAccepted(cid: string, by: Change): Promise<boolean | undefined> {
  const before = blocks.get(cid)!;
  const bytes = changed(before, by);
  if (same(bytes, before)) return undefined;
  const { status } = await verdict(text, new Map([[cid, bytes]]));
  return status !== 'fail' || acceptedWithoutHash(cid, bytes);
}

function acceptedWithoutHash(cid: string, bytes: Uint8Array): boolean {
  try {
    if (cid === receipt.batch.manifest) {
      const { records } = decodeManifest(bytes);
      const digest = manifestDigest(blockCid(DAG_CBOR, bytes).toString());
      return merkleTree(records.map(leafOf)).root === receipt.batch.root && digest === manifestDigest(cid);
    }
    const content = cid === contentCid ? bytes : blocks.get(contentCid)!;
    const capsule = cid === capsuleCid ? bytes : blocks.get(capsuleCid)!;
    openRecord({ content, capsule, privateKey: key });
    return true;
  } catch (error) {
    if (error instanceof BridgeError) return false;
    throw error;
  }
}

async function receiptAccepted(by: Change): Promise<boolean | undefined> {
  const mutated = Buffer.from(changed(Buffer.from(text), by)).toString();
  if (sameJson(mutated, text)) return undefined;
  return (await verdict(mutated)).status !== 'fail';
}

async function proofAccepted(by: Change): Promise<boolean | undefined> {
  const bytes = Buffer.from(receipt.proof.map((hash) => hash.slice(2)).join(''), 'hex');
  const mutated = Buffer.from(changed(bytes, by)).toString('hex');
  const proof = (mutated.match(/.{1,64}/g) ?? []).map((hash) => `0x${hash}`);
  if (proof.join() === receipt.proof.join()) return undefined;
  return (await verdict({ ...receipt, proof })).status !== 'fail';
}

function sameJson(a: string, b: string): boolean {
  try {
    return JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b));
  } catch {
    return false;
  }
}
