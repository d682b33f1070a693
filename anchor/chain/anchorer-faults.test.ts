import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AnchorTable } from '../../core/journal/types.ts';
import { MemoryAnchors } from '../testing/anchor-table.ts';
import { Anchoring, admin, CHAIN_ID, GWEI, hospital, madeBatch, soon } from '../testing/anchoring.ts';
import { startAnvil } from '../testing/anvil.ts';
import type { Fault } from '../testing/rpc-proxy.ts';
import type { BatchToAnchor } from './anchorer.ts';
import { admitHospital, deployHealthIndex } from './deploy.ts';
import { encodeAnchor, manifestDigest } from './health-index.ts';
import { ChainRpc, quantity } from './rpc.ts';
import { signTransaction } from './transaction.ts';

const signal = AbortSignal.timeout(110_000);
let on: Anchoring;
let contract: string;
beforeAll(async () => {
  on = await Anchoring.start(signal);
  contract = on.contract;
});
afterAll(() => on?.chain.stop());
afterEach(() => on.reset());

describe('a kill or an outage at any line anchors once', () => {
  test('before the transaction is kept: nothing is sent', async () => {
    const one = madeBatch();
    const used = await on.nonce();
    const broken = new MemoryAnchors();
    broken.putAnchor = async () => {
      throw new RangeError('disk full');
    };
    await expect(on.anchorer({ store: broken }).advance(one, signal)).rejects.toThrow(RangeError);
    expect(await on.nonce()).toBe(used);
    await on.anchorer().settle(one, soon, signal);
    expect(await on.anchors(one.root)).toBe(1);
  });

  test.each<[string, Fault]>([
    ['between keeping and sending', 'lose-request'],
    ['after the chain took it, before we knew', 'lose-answer'],
  ])('%s: the same transaction', async (_name, kind) => {
    const one = madeBatch();
    const rpc = await on.losing('eth_sendRawTransaction', kind);
    await expect(on.anchorer({ rpc }).advance(one, signal)).rejects.toMatchObject({ code: 'chain.unreachable' });
    const kept = await on.row(one);
    expect(kept.status).toBe('ambiguous');
    const { event } = await on.anchorer().settle(one, soon, signal);
    expect(kept.hashes).toEqual([event.tx]);
    expect(await on.anchors(one.root)).toBe(1);
  });

  test('after inclusion, before that is written down', async () => {
    const one = madeBatch();
    await on.anchorer().advance(one, signal);
    await expect.poll(() => on.anchors(one.root)).toBe(1);
    const used = await on.nonce();
    const { event } = await on.anchorer().settle(one, soon, signal);
    expect([(await on.row(one)).hashes, await on.nonce()]).toEqual([[event.tx], used]);
  });

  test.each(['before', 'after'] as const)('killed %s each call to chain or journal in turn', async (when) => {
    let call = 0;
    for (let killed = true; killed; call++) {
      const one = madeBatch();
      const used = await on.nonce();
      killed = await killedAt(call, when, one);
      await on.anchorer().settle(one, soon, signal);
      expect([call, await on.anchors(one.root), await on.nonce()]).toEqual([call, 1, used + 1]);
    }
    // The last life was long enough not to be cut short: every call was tried.
    expect(call).toBeGreaterThan(20);
  });

  test('an outage while waiting is waited out', async () => {
    const one = madeBatch();
    const rpc = await on.losing('eth_chainId', 'lose-request', 4);
    await on.anchorer({ rpc }).settle(one, soon, signal);
    expect(await on.anchors(one.root)).toBe(1);
  });

  test('a transaction that was kept and never sent holds up no later one', async () => {
    const [first, second] = [madeBatch(), madeBatch()];
    const rpc = await on.losing('eth_sendRawTransaction', 'lose-request');
    await on
      .anchorer({ rpc })
      .advance(first, signal)
      .catch(() => {});
    await on.anchorer().settle(second, soon, signal);
    expect([await on.anchors(first.root), await on.anchors(second.root)]).toEqual([1, 1]);
    expect((await on.row(second)).nonce).toBe((await on.row(first)).nonce! + 1);
  });

  test('a deadline leaves the batch to be watched', async () => {
    await on.automine(false);
    const one = madeBatch();
    const short = { ...soon, deadlineMs: 60 };
    await expect(on.anchorer().settle(one, short, signal)).rejects.toMatchObject({
      code: 'chain.pending',
      kind: 'ambiguous',
    });
    await on.mine();
    await on.anchorer().settle(one, soon, signal);
    expect(await on.anchors(one.root)).toBe(1);
  });
});

describe('fees', () => {
  test('a stuck transaction is replaced by one that pays more, up to the ceiling', async () => {
    await on.automine(false);
    const one = madeBatch();
    const maxFeePerGas = 8n * GWEI;
    const worker = on.anchorer({ stuckMs: 0, maxFeePerGas });
    for (let round = 0; round < 30; round++) expect((await worker.advance(one, signal)).status).toBe('submitted');
    const { hashes, rawTx, nonce: its } = await on.row(one);
    expect(hashes.length).toBeGreaterThan(2);
    expect(new Set(hashes).size).toBe(hashes.length);
    const pending = await on.chain.rpc.send<{ nonce: string; maxFeePerGas: string }>('eth_getTransactionByHash', [
      hashes.at(-1),
    ]);
    expect(Number(pending.nonce)).toBe(its);
    expect(BigInt(pending.maxFeePerGas)).toBeLessThanOrEqual(maxFeePerGas);
    expect(rawTx).toContain(one.root.slice(2));
    await on.mine();
    const { event } = await worker.settle(one, soon, signal);
    expect(event.tx).toBe(hashes.at(-1));
    expect(await on.anchors(one.root)).toBe(1);
  });

  test('a base fee that rose after signing is met', async () => {
    const one = madeBatch();
    const rpc = await on.losing('eth_sendRawTransaction', 'lose-request');
    await on
      .anchorer({ rpc })
      .advance(one, signal)
      .catch(() => {});
    await on.chain.rpc.send('anvil_setNextBlockBaseFeePerGas', [quantity(50n * GWEI)]);
    await on.mine();
    const used = await on.nonce();
    await on.anchorer().settle(one, soon, signal);
    expect([await on.anchors(one.root), await on.nonce()]).toEqual([1, used + 1]);
  });

  test('a base fee above the ceiling is waited out, not paid', async () => {
    await on.chain.rpc.send('anvil_setNextBlockBaseFeePerGas', [quantity(50n * GWEI)]);
    await on.mine();
    const one = madeBatch();
    const thrifty = on.anchorer({ maxFeePerGas: 2n * GWEI });
    await expect(thrifty.advance(one, signal)).rejects.toMatchObject({ code: 'chain.pending' });
    expect(await on.anchors(one.root)).toBe(0);
    await on.chain.rpc.send('anvil_setNextBlockBaseFeePerGas', [quantity(GWEI)]);
    await on.mine();
    await thrifty.settle(one, soon, signal);
    expect(await on.anchors(one.root)).toBe(1);
  });

  test('a stranger to our journal has the nonce and pays more: the next nonce is taken', async () => {
    await on.automine(false);
    const used = await on.nonce();
    const fees = { gasLimit: 30_000n, maxFeePerGas: 900n * GWEI, maxPriorityFeePerGas: 300n * GWEI };
    const other = await signTransaction(hospital, {
      chainId: CHAIN_ID,
      nonce: used,
      to: admin.address,
      data: '0x',
      ...fees,
    });
    await on.chain.rpc.send('eth_sendRawTransaction', [other.raw]);
    const one = madeBatch();
    expect((await on.anchorer().advance(one, signal)).status).toBe('ambiguous');
    await on.mine();
    await on.automine(true);
    await on.anchorer().settle(one, soon, signal);
    expect([(await on.row(one)).nonce, await on.anchors(one.root)]).toEqual([used + 1, 1]);
  });
});

describe('two bridges with one key', () => {
  test.each(['the same batch', 'different batches'])('%s', async (which) => {
    const one = madeBatch();
    const two = which === 'the same batch' ? one : madeBatch();
    const [a, b] = [on.anchorer({ store: new MemoryAnchors() }), on.anchorer({ store: new MemoryAnchors() })];
    await Promise.all([a.settle(one, soon, signal), b.settle(two, soon, signal)]);
    expect([await on.anchors(one.root), await on.anchors(two.root)]).toEqual([1, 1]);
  });

  test('our root, sent by ourselves from elsewhere, is found', async () => {
    const one = madeBatch();
    await on.anchorer().check(signal);
    const data = encodeAnchor({
      root: one.root,
      manifest: manifestDigest(one.manifestCid),
      tags: `0x${one.tags.join('')}`,
    });
    await on.chain.rpc.send('eth_sendTransaction', [{ from: hospital.address, to: contract, data }]);
    const { event } = await on.anchorer().settle(one, soon, signal);
    expect((await on.row(one)).hashes).toEqual([event.tx]);
  });
});

describe('a chain that forgets', () => {
  test.each(['included', 'final'] as const)(
    'a reorganisation takes an %s batch: it is anchored again',
    async (until) => {
      const one = madeBatch();
      const worker = on.anchorer();
      const before = await worker.settle(one, soon, signal);
      if (until === 'final') {
        await on.mine(3);
        expect((await worker.advance(one, signal)).status).toBe('final');
      }
      const depth = (await on.chain.rpc.blockNumber()) - before.event.block.number + 1;
      await on.chain.rpc.send('anvil_reorg', [depth, []]);
      expect(await on.anchors(one.root)).toBe(0);
      const seen: string[] = [];
      const put = on.store.putAnchor.bind(on.store);
      on.store.putAnchor = async (kept) => {
        seen.push(kept.status);
        await put(kept);
      };
      const after = await worker.settle(one, soon, signal);
      expect(seen[0]).toBe('reorged');
      expect(after.event.block.hash).not.toBe(before.event.block.hash);
      expect((await on.row(one)).block).toEqual(after.event.block);
      expect(await on.anchors(one.root)).toBe(1);
    },
  );

  test.each(['in order', 'backwards', 'at once'])(
    'an older state was restored: all are anchored again, %s',
    async (order) => {
      const snapshot = await on.chain.rpc.send('evm_snapshot', []);
      const many = [madeBatch(), madeBatch(), madeBatch()];
      const worker = on.anchorer();
      for (const one of many) await worker.settle(one, soon, signal);
      await on.chain.rpc.send('evm_revert', [snapshot]);
      const fresh = on.anchorer();
      const again = order === 'backwards' ? [...many].reverse() : many;
      if (order === 'at once') await Promise.all(again.map((one) => fresh.settle(one, soon, signal)));
      else for (const one of again) await fresh.settle(one, soon, signal);
      for (const one of many) expect(await on.anchors(one.root)).toBe(1);
    },
  );

  test('a node that started again from its saved state still knows the anchor', async () => {
    const one = madeBatch();
    const { event } = await on.anchorer().settle(one, soon, signal);
    const folder = await mkdtemp(join(tmpdir(), 'dhc-state-'));
    const dump = await on.chain.rpc.send<string>('anvil_dumpState', [true]);
    await writeFile(join(folder, 'state.json'), gunzipSync(Buffer.from(dump.slice(2), 'hex')));
    const again = await startAnvil('--load-state', join(folder, 'state.json'));
    try {
      const state = await on.anchorer({ rpc: again.rpc }).advance(one, signal);
      expect(state.event).toEqual(event);
      expect(await on.nonce()).toBe(await again.rpc.nonce(hospital.address));
    } finally {
      await again.stop();
      await rm(folder, { recursive: true });
    }
  });

  test('the contract is gone: a person deploys it, and all goes on', async () => {
    const bare = await startAnvil();
    try {
      const one = madeBatch();
      await on.anchorer().settle(one, soon, signal);
      const worker = on.anchorer({ rpc: bare.rpc });
      await expect(worker.advance(one, signal)).rejects.toMatchObject({ code: 'chain.no-contract' });
      expect((await on.row(one)).status).toBe('reorged');
      const { address } = await deployHealthIndex(bare.rpc, { signer: admin, admin: admin.address }, signal);
      expect(address).toBe(contract);
      await admitHospital(bare.rpc, { contract, admin, hospital: hospital.address }, signal);
      expect((await worker.settle(one, soon, signal)).status).toBe('included');
    } finally {
      await bare.stop();
    }
  });
});

/**
 * One life of an anchorer, which ends before or after the effect of its call with this number.
 * @returns false when it did its work in fewer calls
 */
async function killedAt(last: number, when: 'before' | 'after', batch: BatchToAnchor): Promise<boolean> {
  const death = new Error('killed');
  let calls = 0;
  async function mortal<T>(call: () => Promise<T>): Promise<T> {
    const number = calls++;
    if (number > last || (number === last && when === 'before')) throw death;
    const result = await call();
    if (number === last) throw death;
    return result;
  }
  class MortalRpc extends ChainRpc {
    override send<T>(method: string, params: readonly unknown[], stop?: AbortSignal): Promise<T> {
      return mortal(() => super.send<T>(method, params, stop));
    }
  }
  const store: AnchorTable = {
    putAnchor: (row) => mortal(() => on.store.putAnchor(row)),
    anchor: (id) => mortal(() => on.store.anchor(id)),
    anchors: (filter) => mortal(() => on.store.anchors(filter)),
  };
  const worker = on.anchorer({ rpc: new MortalRpc(on.chain.url), store });
  try {
    await worker.settle(batch, soon, signal);
    return false;
  } catch (error) {
    if (error !== death) throw error;
    return true;
  }
}
