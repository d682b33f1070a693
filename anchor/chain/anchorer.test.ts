import { randomBytes } from 'node:crypto';
import { hexlify } from 'ethers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { blockCid, DAG_CBOR } from '../store/cid.ts';
import { MemoryAnchors } from '../testing/anchor-table.ts';
import { fundedSigner, startAnvil, type TestChain } from '../testing/anvil.ts';
import { type Fault, type RpcProxy, startRpcProxy } from '../testing/rpc-proxy.ts';
import { Anchorer, type AnchorerOptions, type BatchToAnchor } from './anchorer.ts';
import { admitHospital, deployHealthIndex } from './deploy.ts';
import { encodeAnchor, encodeSuspend, manifestDigest } from './health-index.ts';
import { ChainRpc, type Log, quantity } from './rpc.ts';
import { privateKeySigner, signTransaction } from './signer.ts';

const signal = AbortSignal.timeout(110_000);
const admin = fundedSigner(0);
const hospital = fundedSigner(1);
const GWEI = 1_000_000_000n;
let chain: TestChain;
let contract: string;
let store: MemoryAnchors;
let proxy: RpcProxy | undefined;

beforeAll(async () => {
  chain = await startAnvil();
  contract = (await deployHealthIndex(chain.rpc, { signer: admin, admin: admin.address }, signal)).address;
  await admitHospital(chain.rpc, { contract, admin, hospital: hospital.address }, signal);
});
afterAll(() => chain?.stop());
beforeEach(() => {
  store = new MemoryAnchors();
});
afterEach(async () => {
  proxy?.close();
  proxy = undefined;
  await chain.rpc.send('evm_setAutomine', [true]);
  await mine();
});

const mine = () => chain.rpc.send('evm_mine', []);
const wait = { until: 'included', deadlineMs: 15_000, pollMs: 10 } as const;

function anchorer(options: Partial<AnchorerOptions> = {}): Anchorer {
  return new Anchorer({ rpc: chain.rpc, chainId: '31337', contract, signer: hospital, store, finality: 2, ...options });
}

async function through(fault: (method: string) => Fault): Promise<ChainRpc> {
  proxy = await startRpcProxy(chain.url, fault);
  return new ChainRpc(proxy.url);
}

/** Loses the first so many calls of a method. */
function once(method: string, kind: Fault, times = 1): (called: string) => Fault {
  let left = times;
  return (called) => (called === method && left-- > 0 ? kind : 'none');
}

function batch(count = 3): BatchToAnchor {
  return {
    id: randomBytes(8).toString('hex'),
    manifestCid: blockCid(DAG_CBOR, randomBytes(8)).toString(),
    root: hexlify(randomBytes(32)),
    tags: Array.from({ length: count }, () => randomBytes(16).toString('hex')),
  };
}

/** Events on the chain with this root. */
async function anchors(root: string): Promise<number> {
  const filter = { fromBlock: '0x0', toBlock: 'latest', address: contract, topics: [null, null, root] };
  return (await chain.rpc.send<Log[]>('eth_getLogs', [filter])).length;
}

const row = async (of: BatchToAnchor) => (await store.anchor(of.id))!;
const nonce = () => chain.rpc.nonce(hospital.address);

describe('an undisturbed chain', () => {
  test('a batch is submitted, included and final, and stays so', async () => {
    const one = batch();
    const worker = anchorer();
    expect((await worker.advance(one, signal)).status).toBe('submitted');
    const { event } = await worker.settle(one, wait, signal);
    expect(event).toMatchObject({ root: one.root, count: 3, tags: one.tags, hospital: hospital.address, contract });
    expect(await row(one)).toMatchObject({ status: 'included', hashes: [event.tx], block: event.block });
    await mine();
    expect((await worker.advance(one, signal)).status).toBe('included');
    await mine();
    expect((await worker.advance(one, signal)).status).toBe('final');
    const used = await nonce();
    expect((await worker.advance(one, signal)).status).toBe('final');
    expect([await nonce(), await anchors(one.root)]).toEqual([used, 1]);
  });

  test('the finalized tag of the chain decides where the config says so', async () => {
    const one = batch();
    const worker = anchorer({ finality: 'finalized' });
    await worker.settle(one, wait, signal);
    await chain.rpc.send('anvil_mine', ['0xa']);
    expect((await worker.advance(one, signal)).status).toBe('included');
    await chain.rpc.send('anvil_mine', ['0x80']);
    expect((await worker.advance(one, signal)).status).toBe('final');
  });

  test('many batches at once take nonces without gap or clash', async () => {
    const many = Array.from({ length: 12 }, () => batch());
    const worker = anchorer();
    const first = await nonce();
    await Promise.all(many.map((one) => worker.settle(one, wait, signal)));
    const nonces = await Promise.all(many.map(async (one) => (await row(one)).nonce!));
    expect(nonces.sort((a, b) => a - b)).toEqual(many.map((_, n) => first + n));
    for (const one of many) expect(await anchors(one.root)).toBe(1);
  });

  test('a journal that was lost is filled from the chain, without a transaction', async () => {
    const one = batch();
    const { event } = await anchorer().settle(one, wait, signal);
    const used = await nonce();
    store = new MemoryAnchors();
    expect(await anchorer().advance(one, signal)).toEqual({ status: 'included', event });
    expect([await nonce(), (await row(one)).hashes]).toEqual([used, [event.tx]]);
  });

  test('a root that stands there with another manifest is not ours', async () => {
    const one = batch();
    await anchorer().settle(one, wait, signal);
    await expect(anchorer().advance({ ...one, manifestCid: batch().manifestCid }, signal)).rejects.toMatchObject({
      code: 'chain.reverted',
    });
  });
});

describe('what a person has to put right is permanent and says what', () => {
  const stranger = privateKeySigner(randomBytes(32));
  test.each<[string, () => Partial<AnchorerOptions>]>([
    ['chain.wrong-chain', () => ({ chainId: '1' })],
    ['chain.no-contract', () => ({ contract: stranger.address })],
    ['chain.no-contract', () => ({ contract: '0x4e59b44847b379578588920cA78FbF26c0B4956C' })],
    ['chain.no-role', () => ({ signer: fundedSigner(2) })],
  ])('%s', async (code, options) => {
    const used = await nonce();
    await expect(anchorer(options()).advance(batch(), signal)).rejects.toMatchObject({ code, kind: 'permanent' });
    expect([store.rows.size, await nonce()]).toEqual([0, used]);
  });

  test('chain.no-funds', async () => {
    await admitHospital(chain.rpc, { contract, admin, hospital: stranger.address }, signal);
    const one = batch();
    const poor = anchorer({ signer: stranger });
    await expect(poor.advance(one, signal)).rejects.toMatchObject({ code: 'chain.no-funds', kind: 'permanent' });
    await chain.rpc.send('anvil_setBalance', [stranger.address, quantity(GWEI * GWEI)]);
    await poor.settle(one, wait, signal);
    expect(await anchors(one.root)).toBe(1);
  });

  test('a chain that does not answer is transient', async () => {
    const lost = anchorer({ rpc: new ChainRpc('http://127.0.0.1:1') });
    await expect(lost.advance(batch(), signal)).rejects.toMatchObject({ code: 'chain.unreachable', kind: 'transient' });
  });

  test('a suspension between sending and inclusion', async () => {
    const other = fundedSigner(3);
    await admitHospital(chain.rpc, { contract, admin, hospital: other.address }, signal);
    await chain.rpc.send('evm_setAutomine', [false]);
    const one = batch();
    const worker = anchorer({ signer: other });
    await worker.advance(one, signal);
    const fees = { gasLimit: 100_000n, maxFeePerGas: 500n * GWEI, maxPriorityFeePerGas: 400n * GWEI };
    const at = { chainId: '31337', nonce: await chain.rpc.nonce(admin.address), to: contract };
    const suspension = await signTransaction(admin, { ...at, data: encodeSuspend(other.address), ...fees });
    await chain.rpc.send('eth_sendRawTransaction', [suspension.raw]);
    await mine();
    await expect(worker.advance(one, signal)).rejects.toMatchObject({ code: 'chain.no-role' });
    expect(await anchors(one.root)).toBe(0);
  });
});

describe('a kill or an outage at any line anchors once', () => {
  test('before the transaction is kept: nothing is sent', async () => {
    const one = batch();
    const used = await nonce();
    const broken = new MemoryAnchors();
    broken.putAnchor = async () => {
      throw new RangeError('disk full');
    };
    await expect(anchorer({ store: broken }).advance(one, signal)).rejects.toThrow(RangeError);
    expect(await nonce()).toBe(used);
    await anchorer().settle(one, wait, signal);
    expect(await anchors(one.root)).toBe(1);
  });

  test.each<[string, Fault]>([
    ['between keeping and sending', 'lose-request'],
    ['after the chain took it, before we knew', 'lose-answer'],
  ])('%s: the same transaction', async (_name, kind) => {
    const one = batch();
    const rpc = await through(once('eth_sendRawTransaction', kind));
    await expect(anchorer({ rpc }).advance(one, signal)).rejects.toMatchObject({ code: 'chain.unreachable' });
    const kept = await row(one);
    expect(kept.status).toBe('ambiguous');
    const { event } = await anchorer().settle(one, wait, signal);
    expect(kept.hashes).toEqual([event.tx]);
    expect(await anchors(one.root)).toBe(1);
  });

  test('after inclusion, before that is written down', async () => {
    const one = batch();
    await anchorer().advance(one, signal);
    const used = await nonce();
    const { event } = await anchorer().settle(one, wait, signal);
    expect([(await row(one)).hashes, await nonce()]).toEqual([[event.tx], used]);
  });

  test('an outage while waiting is waited out', async () => {
    const one = batch();
    const rpc = await through(once('eth_chainId', 'lose-request', 4));
    await anchorer({ rpc }).settle(one, wait, signal);
    expect(await anchors(one.root)).toBe(1);
  });

  test('a transaction that was kept and never sent holds up no later one', async () => {
    const [first, second] = [batch(), batch()];
    const rpc = await through(once('eth_sendRawTransaction', 'lose-request'));
    await anchorer({ rpc })
      .advance(first, signal)
      .catch(() => {});
    await anchorer().settle(second, wait, signal);
    expect([await anchors(first.root), await anchors(second.root)]).toEqual([1, 1]);
    expect((await row(second)).nonce).toBe((await row(first)).nonce! + 1);
  });

  test('a deadline leaves the batch to be watched', async () => {
    await chain.rpc.send('evm_setAutomine', [false]);
    const one = batch();
    const short = { ...wait, deadlineMs: 60 };
    await expect(anchorer().settle(one, short, signal)).rejects.toMatchObject({
      code: 'chain.pending',
      kind: 'ambiguous',
    });
    await mine();
    await anchorer().settle(one, wait, signal);
    expect(await anchors(one.root)).toBe(1);
  });
});

describe('fees', () => {
  test('a stuck transaction is replaced by one that pays more, up to the ceiling', async () => {
    await chain.rpc.send('evm_setAutomine', [false]);
    const one = batch();
    const maxFeePerGas = 8n * GWEI;
    const worker = anchorer({ stuckMs: 0, maxFeePerGas });
    for (let round = 0; round < 30; round++) expect((await worker.advance(one, signal)).status).toBe('submitted');
    const { hashes, rawTx, nonce: its } = await row(one);
    expect(hashes.length).toBeGreaterThan(2);
    expect(new Set(hashes).size).toBe(hashes.length);
    const pending = await chain.rpc.send<{ nonce: string; maxFeePerGas: string }>('eth_getTransactionByHash', [
      hashes.at(-1),
    ]);
    expect(Number(pending.nonce)).toBe(its);
    expect(BigInt(pending.maxFeePerGas)).toBeLessThanOrEqual(maxFeePerGas);
    expect(rawTx).toContain(one.root.slice(2));
    await mine();
    const { event } = await worker.settle(one, wait, signal);
    expect(event.tx).toBe(hashes.at(-1));
    expect(await anchors(one.root)).toBe(1);
  });

  test('a base fee that rose after signing is met', async () => {
    const one = batch();
    const rpc = await through(once('eth_sendRawTransaction', 'lose-request'));
    await anchorer({ rpc })
      .advance(one, signal)
      .catch(() => {});
    await chain.rpc.send('anvil_setNextBlockBaseFeePerGas', [quantity(50n * GWEI)]);
    await mine();
    const used = await nonce();
    await anchorer().settle(one, wait, signal);
    expect([await anchors(one.root), await nonce()]).toEqual([1, used + 1]);
  });

  test('a base fee above the ceiling is waited out, not paid', async () => {
    await chain.rpc.send('anvil_setNextBlockBaseFeePerGas', [quantity(50n * GWEI)]);
    await mine();
    const one = batch();
    const thrifty = anchorer({ maxFeePerGas: 2n * GWEI });
    await expect(thrifty.advance(one, signal)).rejects.toMatchObject({ code: 'chain.pending' });
    expect(await anchors(one.root)).toBe(0);
    await chain.rpc.send('anvil_setNextBlockBaseFeePerGas', [quantity(GWEI)]);
    await mine();
    await thrifty.settle(one, wait, signal);
    expect(await anchors(one.root)).toBe(1);
  });

  test('a stranger to our journal has the nonce and pays more: the next nonce is taken', async () => {
    await chain.rpc.send('evm_setAutomine', [false]);
    const used = await nonce();
    const fees = { gasLimit: 30_000n, maxFeePerGas: 900n * GWEI, maxPriorityFeePerGas: 300n * GWEI };
    const other = await signTransaction(hospital, {
      chainId: '31337',
      nonce: used,
      to: admin.address,
      data: '0x',
      ...fees,
    });
    await chain.rpc.send('eth_sendRawTransaction', [other.raw]);
    const one = batch();
    expect((await anchorer().advance(one, signal)).status).toBe('ambiguous');
    await mine();
    await chain.rpc.send('evm_setAutomine', [true]);
    await anchorer().settle(one, wait, signal);
    expect([(await row(one)).nonce, await anchors(one.root)]).toEqual([used + 1, 1]);
  });
});

describe('two bridges with one key', () => {
  test.each(['the same batch', 'different batches'])('%s', async (which) => {
    const one = batch();
    const two = which === 'the same batch' ? one : batch();
    const [a, b] = [anchorer({ store: new MemoryAnchors() }), anchorer({ store: new MemoryAnchors() })];
    await Promise.all([a.settle(one, wait, signal), b.settle(two, wait, signal)]);
    expect([await anchors(one.root), await anchors(two.root)]).toEqual([1, 1]);
  });

  test('our root, sent by ourselves from elsewhere, is found', async () => {
    const one = batch();
    await anchorer().check(signal);
    const data = encodeAnchor({
      root: one.root,
      manifest: manifestDigest(one.manifestCid),
      tags: `0x${one.tags.join('')}`,
    });
    await chain.rpc.send('eth_sendTransaction', [{ from: hospital.address, to: contract, data }]);
    const { event } = await anchorer().settle(one, wait, signal);
    expect((await row(one)).hashes).toEqual([event.tx]);
  });
});

describe('a chain that forgets', () => {
  test.each(['included', 'final'] as const)(
    'a reorganisation takes an %s batch: it is anchored again',
    async (until) => {
      const one = batch();
      const worker = anchorer();
      const before = await worker.settle(one, wait, signal);
      if (until === 'final') {
        await chain.rpc.send('anvil_mine', ['0x3']);
        expect((await worker.advance(one, signal)).status).toBe('final');
      }
      const depth = (await chain.rpc.blockNumber()) - before.event.block.number + 1;
      await chain.rpc.send('anvil_reorg', [depth, []]);
      expect(await anchors(one.root)).toBe(0);
      const seen: string[] = [];
      const put = store.putAnchor.bind(store);
      store.putAnchor = async (kept) => {
        seen.push(kept.status);
        await put(kept);
      };
      const after = await worker.settle(one, wait, signal);
      expect(seen[0]).toBe('reorged');
      expect(after.event.block.hash).not.toBe(before.event.block.hash);
      expect((await row(one)).block).toEqual(after.event.block);
      expect(await anchors(one.root)).toBe(1);
    },
  );

  test.each(['in order', 'backwards', 'at once'])(
    'an older state was restored: all are anchored again, %s',
    async (order) => {
      const snapshot = await chain.rpc.send('evm_snapshot', []);
      const many = [batch(), batch(), batch()];
      const worker = anchorer();
      for (const one of many) await worker.settle(one, wait, signal);
      await chain.rpc.send('evm_revert', [snapshot]);
      const fresh = anchorer();
      const again = order === 'backwards' ? [...many].reverse() : many;
      if (order === 'at once') await Promise.all(again.map((one) => fresh.settle(one, wait, signal)));
      else for (const one of again) await fresh.settle(one, wait, signal);
      for (const one of many) expect(await anchors(one.root)).toBe(1);
    },
  );

  test('the contract is gone: a person deploys it, and all goes on', async () => {
    const bare = await startAnvil();
    try {
      const one = batch();
      await anchorer().settle(one, wait, signal);
      const worker = anchorer({ rpc: bare.rpc });
      await expect(worker.advance(one, signal)).rejects.toMatchObject({ code: 'chain.no-contract' });
      expect((await row(one)).status).toBe('reorged');
      const { address } = await deployHealthIndex(bare.rpc, { signer: admin, admin: admin.address }, signal);
      expect(address).toBe(contract);
      await admitHospital(bare.rpc, { contract, admin, hospital: hospital.address }, signal);
      expect((await worker.settle(one, wait, signal)).status).toBe('included');
    } finally {
      await bare.stop();
    }
  });
});
