import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from '@ipld/dag-cbor';
import { hexlify, keccak256 } from 'ethers';
import { base32upper } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Receipt, Verdict } from '../../core/types.ts';
import { Anchorer } from '../chain/anchorer.ts';
import { admitHospital, deployHealthIndex } from '../chain/deploy.ts';
import { makeReceipts } from '../chain/receipts.ts';
import type { PackedBatch } from '../store/batch.ts';
import { blockCid, DAG_CBOR, RAW } from '../store/cid.ts';
import { type BlockSource, Kubo } from '../store/kubo.ts';
import { MemoryAnchors } from '../testing/anchor-table.ts';
import { fundedSigner, startAnvil, type TestChain } from '../testing/anvil.ts';
import { kuboBinary, startKubo, type TestKubo } from '../testing/kubo.ts';
import { type MadeRecord, madePatient, madeRecord, storeBatch } from '../testing/street.ts';
import { VerifyCache } from './cache.ts';
import { type VerifyOptions, verifyReceipt } from './verify.ts';

const signal = AbortSignal.timeout(110_000);
const COUNT = 50;
const LARGE = 7;
const IMAGING = 13;

describe.skipIf(kuboBinary === undefined)('a receipt of an anchored record', () => {
  let node: TestKubo;
  let chain: TestChain;
  let folder: string;
  let kubo: Kubo;
  let records: MadeRecord[];
  let packed: PackedBatch;
  let receipts: Receipt[];
  let trusted: { chainId: string; contract: string };
  /** Of the record with this number. */
  const receiptOf = (n: number) => receipts[packed.order.indexOf(records[n]!.itemId)]!;
  const keysOf = (n: number) => records[n]!.patient;

  beforeAll(async () => {
    [node, chain, folder] = await Promise.all([
      startKubo('flatfs'),
      startAnvil(),
      mkdtemp(join(tmpdir(), 'dhc-verify-')),
    ]);
    kubo = new Kubo({ url: node.url, searchMs: 500 });
    const [admin, hospital] = [fundedSigner(0), fundedSigner(1)];
    const { address } = await deployHealthIndex(chain.rpc, { signer: admin, admin: admin.address }, signal);
    await admitHospital(chain.rpc, { contract: address, admin, hospital: hospital.address }, signal);
    trusted = { chainId: '31337', contract: address };
    records = [];
    for (let n = 0; n < COUNT; n++) {
      const options =
        n === LARGE ? { filler: 2_500_000 } : n === IMAGING ? { parts: [10, 1_500_000, 3_000_000], kubo } : {};
      records.push(await madeRecord(n, options));
    }
    packed = await storeBatch(records, folder, kubo);
    const anchorer = new Anchorer({
      rpc: chain.rpc,
      ...trusted,
      signer: hospital,
      store: new MemoryAnchors(),
      finality: 2,
    });
    const batch = { ...packed, id: 'b1' };
    await anchorer.settle(batch, { until: 'included', deadlineMs: 20_000, pollMs: 20 }, signal);
    await chain.rpc.send('anvil_mine', ['0x2']);
    const state = await anchorer.settle(batch, { until: 'final', deadlineMs: 20_000, pollMs: 20 }, signal);
    receipts = makeReceipts({ chainId: '31337', event: state.event, status: 'final' }, packed);
  });
  afterAll(async () => {
    await Promise.all([node?.stop(), chain?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  const verify = (receipt: unknown, options: Partial<VerifyOptions> = {}) =>
    verifyReceipt(receipt, { rpc: chain.rpc, kubo, trusted, ...options }, signal);
  const failed = (verdict: Verdict) =>
    verdict.checks.filter((check) => check.status === 'fail').map((check) => check.name);
  const unknown = (verdict: Verdict) => verdict.checks.filter((check) => check.status === 'unknown').map((c) => c.name);

  test('all of a batch pass for the holders of the keys: small, larger than a block, with parts', async () => {
    const cache = new VerifyCache();
    for (const n of records.keys()) {
      const verdict = await verify(JSON.stringify(receiptOf(n)), { key: keysOf(n), cache });
      expect(verdict.checks.filter((check) => check.status !== 'pass')).toEqual([]);
      expect(verdict.status).toBe('pass');
      expect(verdict.checks).toHaveLength(22);
    }
  });

  test('one batch is asked for once', async () => {
    const asked: string[] = [];
    const counting: BlockSource = {
      blockGet(cid, stop) {
        asked.push(cid);
        return kubo.blockGet(cid, stop);
      },
    };
    const cache = new VerifyCache();
    for (const n of [0, 1, 2]) await verify(receiptOf(n), { kubo: counting, cache });
    expect(asked.filter((cid) => cid === packed.manifestCid)).toHaveLength(1);
    expect(asked).toHaveLength(1 + 3 * 2);
  });

  test('without a key what needs one is unknown', async () => {
    const verdict = await verify(receiptOf(IMAGING));
    expect(verdict.status).toBe('unknown');
    expect(unknown(verdict)).toEqual(['key packet', 'decryption', 'commitment', 'bundle', 'part contents', 'tag']);
    expect(failed(verdict)).toEqual([]);
  });

  test('without a trusted contract the verdict is unknown', async () => {
    const verdict = await verify(receiptOf(0), { key: keysOf(0), trusted: undefined as never });
    expect([verdict.status, unknown(verdict)]).toEqual(['unknown', ['trusted contract']]);
  });

  test('the key of another patient opens nothing', async () => {
    const verdict = await verify(receiptOf(1), { key: madePatient(77) });
    expect(failed(verdict)).toEqual(['key packet', 'decryption', 'tag']);
  });

  test('the index key of another patient has other tags', async () => {
    const key = { x25519Private: keysOf(1).x25519Private, indexKey: madePatient(2).indexKey };
    expect(failed(await verify(receiptOf(1), { key }))).toEqual(['tag']);
  });

  test('what cannot be reached is unknown, never pass and never fail', async () => {
    const offChain = await verify(receiptOf(0), { key: keysOf(0), rpc: 'http://127.0.0.1:1' });
    expect(failed(offChain)).toEqual([]);
    expect(unknown(offChain)).toEqual(['chain', 'contract', 'transaction', 'block', 'finality', 'event']);
    const offStore = await verify(receiptOf(0), { key: keysOf(0), kubo: 'http://127.0.0.1:1' });
    expect(failed(offStore)).toEqual([]);
    expect(unknown(offStore)).toEqual(
      expect.arrayContaining(['manifest', 'entry', 'content', 'capsule', 'decryption']),
    );
    expect(offStore.status).toBe('unknown');
  });

  test('a block that is not deep enough is unknown', async () => {
    const verdict = await verify(receiptOf(0), { key: keysOf(0), trusted: { ...trusted, finality: 1_000 } });
    expect(unknown(verdict)).toEqual(['finality']);
  });

  test('a call that is given up is not a verdict', async () => {
    await expect(
      verifyReceipt(receiptOf(0), { rpc: chain.rpc, kubo, trusted }, AbortSignal.abort(new Error('enough'))),
    ).rejects.toThrow('enough');
  });

  describe('changed in one place', () => {
    const other = () => hexlify(randomBytes(32));
    const cases: [string, (receipt: Receipt) => unknown, string[]][] = [
      ['format', (r) => ({ ...r, format: 2 }), ['receipt']],
      ['an extra field', (r) => ({ ...r, name: 'x' }), ['receipt']],
      ['chain id', (r) => ({ ...r, chainId: '1' }), ['chain', 'trusted contract']],
      ['hospital', (r) => ({ ...r, hospital: fundedSigner(2).address }), ['event']],
      ['transaction', (r) => ({ ...r, tx: other() }), ['transaction']],
      ['block hash', (r) => ({ ...r, block: { ...r.block, hash: other() } }), ['block']],
      ['block number', (r) => ({ ...r, block: { ...r.block, number: r.block.number - 1 } }), ['block']],
      ['root', (r) => ({ ...r, batch: { ...r.batch, root: other() } }), ['event', 'manifest', 'proof']],
      ['count', (r) => ({ ...r, batch: { ...r.batch, count: 51 } }), ['event', 'entry']],
      ['index', (r) => ({ ...r, index: (r.index + 1) % COUNT }), ['event', 'entry']],
      ['commitment', (r) => withRecord(r, { commitment: '00'.repeat(32) }), ['entry', 'proof', 'commitment']],
      ['tag', (r) => withRecord(r, { tag: '00'.repeat(16) }), ['event', 'entry', 'header', 'tag']],
      ['size', (r) => withRecord(r, { size: r.record.size + 1 }), ['entry', 'parts index']],
      ['proof shortened', (r) => ({ ...r, proof: r.proof.slice(1) }), ['proof']],
      ['proof of another tree', (r) => ({ ...r, proof: r.proof.map((hash) => keccak256(hash)) }), ['proof']],
      ['proof reordered', (r) => ({ ...r, proof: [...r.proof].reverse() }), ['proof']],
      ['manifest', (r) => ({ ...r, batch: { ...r.batch, manifest: absent(DAG_CBOR) } }), ['event', 'manifest']],
      ['content', (r) => withRecord(r, { contentCid: absent(RAW) }), ['entry', 'proof', 'content']],
      ['capsule', (r) => withRecord(r, { capsuleCid: absent(DAG_CBOR) }), ['entry', 'capsule']],
      [
        'parts that are not there',
        (r) => withRecord(r, { partsCid: absent(DAG_CBOR) }),
        ['entry', 'proof', 'parts index'],
      ],
    ];
    test.each(cases)('%s', async (_name, change, names) => {
      const verdict = await verify(change(structuredClone(receiptOf(3))), { key: keysOf(3) });
      expect(verdict.status).toBe('fail');
      expect(failed(verdict)).toEqual(names);
    });

    test('the contract: another one with the same code says the same, and is not trusted', async () => {
      const stranger = fundedSigner(3);
      const own = await deployHealthIndex(chain.rpc, { signer: stranger, admin: stranger.address }, signal);
      await admitHospital(chain.rpc, { contract: own.address, admin: stranger, hospital: stranger.address }, signal);
      const there = { rpc: chain.rpc, chainId: '31337', contract: own.address, signer: stranger };
      const anchorer = new Anchorer({ ...there, store: new MemoryAnchors(), finality: 2 });
      const wait = { until: 'included', deadlineMs: 20_000, pollMs: 20 } as const;
      const { event } = await anchorer.settle({ ...packed, id: 'b1' }, wait, signal);
      await chain.rpc.send('anvil_mine', ['0x2']);
      const [forged] = makeReceipts({ chainId: '31337', event, status: 'final' }, packed);
      expect(failed(await verify(forged))).toEqual(['trusted contract']);
    });

    test('the contract: an address without code', async () => {
      const verdict = await verify({ ...receiptOf(0), contract: fundedSigner(2).address });
      expect(failed(verdict)).toEqual(['trusted contract', 'contract']);
    });

    test("the record of another receipt's proof", async () => {
      const verdict = await verify({ ...receiptOf(0), record: receiptOf(1).record });
      expect(failed(verdict)).toEqual(['event', 'entry', 'proof']);
    });
  });

  describe('a node whose disk has rotted', () => {
    /** Changes one byte of a block in its file, and puts it back after. */
    async function rotten<T>(cid: string, run: () => Promise<T>): Promise<T> {
      const name = `${base32upper.baseEncode(CID.parse(cid).multihash.bytes)}.data`;
      const path = join(node.repo, 'blocks', name.slice(-'.data'.length - 3, -'.data'.length - 1), name);
      const bytes = await readFile(path);
      const changed = Buffer.from(bytes);
      changed[changed.length >> 1]! ^= 1;
      await writeFile(path, changed);
      return await run().finally(() => writeFile(path, bytes));
    }

    test('Kubo itself hands the changed bytes out', async () => {
      const { contentCid } = receiptOf(3).record;
      await rotten(contentCid, async () => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of kubo.cat(contentCid)) chunks.push(chunk);
        expect(Buffer.concat(chunks).equals(records[3]!.packed.content)).toBe(false);
        expect(await kubo.repoVerify()).toBe(false);
      });
    });

    test.each<[string, () => string, number, string[]]>([
      ['manifest', () => packed.manifestCid, 3, ['manifest']],
      ['content', () => receiptOf(3).record.contentCid, 3, ['content']],
      ['a node above large content', () => receiptOf(LARGE).record.contentCid, LARGE, ['content']],
      ['key packet', () => receiptOf(3).record.capsuleCid, 3, ['capsule']],
      ['parts index', () => receiptOf(IMAGING).record.partsCid!, IMAGING, ['parts index']],
      ['a part', () => records[IMAGING]!.packed.parts![1]!.cid, IMAGING, ['parts']],
    ])('%s', async (_name, cid, n, names) => {
      const verdict = await rotten(cid(), () => verify(receiptOf(n), { key: keysOf(n) }));
      expect(failed(verdict)).toEqual(names);
      expect((await verify(receiptOf(n), { key: keysOf(n) })).status).toBe('pass');
    });

    test('a source of another make is believed no more', async () => {
      const liar: BlockSource = {
        async blockGet(cid, stop) {
          const bytes = await kubo.blockGet(cid, stop);
          if (cid === receiptOf(3).record.contentCid) bytes[bytes.length - 1]! ^= 1;
          return bytes;
        },
      };
      expect(failed(await verify(receiptOf(3), { kubo: liar }))).toEqual(['content']);
    });
  });

  test('garbage is a named failure, not a crash', async () => {
    for (const garbage of [null, 42, '', '{', '[]', {}, { format: 1 }, randomBytes(20)]) {
      const verdict = await verify(garbage);
      expect([verdict.status, failed(verdict)]).toEqual(['fail', ['receipt']]);
    }
  });

  // Last, because what it does to the chain stays.
  test('a chain that has lost the block: the receipt fails until it is made anew', async () => {
    const depth = (await chain.rpc.blockNumber()) - receiptOf(0).block.number + 1;
    await chain.rpc.send('anvil_reorg', [depth, []]);
    expect(failed(await verify(receiptOf(0)))).toEqual(expect.arrayContaining(['transaction']));
  });

  function withRecord(receipt: Receipt, change: Partial<Receipt['record']>): Receipt {
    return { ...receipt, record: { ...receipt.record, ...change } };
  }
});

function absent(codec: number): string {
  return blockCid(codec, encode({ n: randomBytes(8) })).toString();
}
