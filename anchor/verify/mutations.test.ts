/** 10,000 random changes to whatever a verification reads: none is accepted, whichever check has to find it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CarReader } from '@ipld/car';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BridgeError } from '../../core/errors.ts';
import type { Receipt } from '../../core/types.ts';
import { manifestDigest } from '../chain/health-index.ts';
import { leafOf, merkleTree } from '../chain/merkle.ts';
import { ChainRpc } from '../chain/rpc.ts';
import { openRecord } from '../seal/record.ts';
import { blockCid, DAG_CBOR } from '../store/cid.ts';
import type { BlockSource } from '../store/kubo.ts';
import { decodeManifest } from '../store/manifest.ts';
import { VerifyCache } from './cache.ts';
import { verifyReceipt } from './verify.ts';

const RUNS = 10_000;
const FOLDER = join(import.meta.dirname, '..', '..', 'samples', 'receipts', 'format-1');
const json = (name: string) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
const text = readFileSync(join(FOLDER, '0-0.receipt.json'), 'utf8');
const receipt = JSON.parse(text) as Receipt;
const trusted = json('trusted.json') as { chainId: string; contract: string };
const keys = json('0-0.key.json') as { x25519Private: string; indexKey: string };
const key = {
  x25519Private: new Uint8Array(Buffer.from(keys.x25519Private, 'hex')),
  indexKey: new Uint8Array(Buffer.from(keys.indexKey, 'hex')),
};
const car = await CarReader.fromBytes(readFileSync(join(FOLDER, 'batch-0.car')));
const blocks = new Map<string, Uint8Array>();
for await (const { cid, bytes } of car.blocks()) blocks.set(cid.toString(), bytes);
const recorded = json('chain.json') as Record<string, unknown>;
const { contentCid, capsuleCid } = receipt.record;
const signal = AbortSignal.timeout(170_000);

/** The chain as it was recorded; what was not asked then does not exist. */
class RecordedChain extends ChainRpc {
  override async send<T>(method: string, params: readonly unknown[]): Promise<T> {
    return (recorded[`${method} ${JSON.stringify(params)}`] ?? null) as T;
  }
}

const rpc = new RecordedChain('http://127.0.0.1:1');

function holding(changes: ReadonlyMap<string, Uint8Array>): BlockSource {
  return {
    async blockGet(cid) {
      const bytes = changes.get(cid) ?? blocks.get(cid);
      if (bytes === undefined) throw new BridgeError('store.missing', 'no such block');
      return bytes;
    },
  };
}

function verdict(of: unknown, changes = new Map<string, Uint8Array>()) {
  return verifyReceipt(of, { rpc, kubo: holding(changes), key, trusted, cache: new VerifyCache() }, signal);
}

/** A change of bytes: a flipped bit, a cut, a removed or doubled stretch, two stretches swapped, noise put in. */
const change = fc.record({
  how: fc.constantFrom('flip', 'cut', 'remove', 'double', 'swap', 'insert'),
  at: fc.nat({ max: 1 << 30 }),
  length: fc.integer({ min: 1, max: 40 }),
  noise: fc.uint8Array({ minLength: 1, maxLength: 24 }),
});

function changed(bytes: Uint8Array, by: typeof change extends fc.Arbitrary<infer T> ? T : never): Uint8Array {
  const at = by.at % bytes.length;
  const [head, piece, tail] = [
    bytes.subarray(0, at),
    bytes.subarray(at, at + by.length),
    bytes.subarray(at + by.length),
  ];
  switch (by.how) {
    case 'flip': {
      const copy = Uint8Array.from(bytes);
      copy[at]! ^= 1 << (by.length % 8);
      return copy;
    }
    case 'cut':
      return head;
    case 'remove':
      return Buffer.concat([head, tail]);
    case 'double':
      return Buffer.concat([head, piece, piece, tail]);
    case 'swap':
      return Buffer.concat([tail, piece, head]);
    default:
      return Buffer.concat([head, by.noise, piece, tail]);
  }
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

type Change = Parameters<typeof changed>[1];

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
    openRecord({ content, capsule, privateKey: key.x25519Private });
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
