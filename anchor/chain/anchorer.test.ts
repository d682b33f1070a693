import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MemoryAnchors } from '../testing/anchor-table.ts';
import { Anchoring, admin, CHAIN_ID, GWEI, hospital, madeBatch, soon } from '../testing/anchoring.ts';
import { fundedSigner } from '../testing/anvil.ts';
import type { AnchorerOptions } from './anchorer.ts';
import { admitHospital } from './deploy.ts';
import { encodeSuspend } from './health-index.ts';
import { ChainRpc, quantity } from './rpc.ts';
import { privateKeySigner } from './signer.ts';
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

describe('an undisturbed chain', () => {
  test('a batch is submitted, included and final, and stays so', async () => {
    const one = madeBatch();
    const worker = on.anchorer();
    expect((await worker.advance(one, signal)).status).toBe('submitted');
    const { event } = await worker.settle(one, soon, signal);
    expect(event).toMatchObject({ root: one.root, count: 3, tags: one.tags, hospital: hospital.address, contract });
    expect(await on.row(one)).toMatchObject({ status: 'included', hashes: [event.tx], block: event.block });
    await on.mine();
    expect((await worker.advance(one, signal)).status).toBe('included');
    await on.mine();
    expect((await worker.advance(one, signal)).status).toBe('final');
    const used = await on.nonce();
    expect((await worker.advance(one, signal)).status).toBe('final');
    expect([await on.nonce(), await on.anchors(one.root)]).toEqual([used, 1]);
  });

  test('the finalized tag of the chain decides where the config says so', async () => {
    const one = madeBatch();
    const worker = on.anchorer({ finality: 'finalized' });
    await worker.settle(one, soon, signal);
    await on.mine(10);
    expect((await worker.advance(one, signal)).status).toBe('included');
    await on.mine(128);
    expect((await worker.advance(one, signal)).status).toBe('final');
  });

  test('many batches at once take nonces without gap or clash', async () => {
    const many = Array.from({ length: 12 }, () => madeBatch());
    const worker = on.anchorer();
    const first = await on.nonce();
    await Promise.all(many.map((one) => worker.settle(one, soon, signal)));
    const nonces = await Promise.all(many.map(async (one) => (await on.row(one)).nonce!));
    expect(nonces.sort((a, b) => a - b)).toEqual(many.map((_, n) => first + n));
    for (const one of many) expect(await on.anchors(one.root)).toBe(1);
  });

  test('a journal that was lost is filled from the chain, without a transaction', async () => {
    const one = madeBatch();
    const { event } = await on.anchorer().settle(one, soon, signal);
    const used = await on.nonce();
    on.store = new MemoryAnchors();
    expect(await on.anchorer().advance(one, signal)).toEqual({ status: 'included', event });
    expect([await on.nonce(), (await on.row(one)).hashes]).toEqual([used, [event.tx]]);
  });

  test('a root that stands there with another manifest is not ours', async () => {
    const one = madeBatch();
    await on.anchorer().settle(one, soon, signal);
    await expect(on.anchorer().advance({ ...one, manifestCid: madeBatch().manifestCid }, signal)).rejects.toMatchObject(
      {
        code: 'chain.reverted',
      },
    );
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
    const used = await on.nonce();
    await expect(on.anchorer(options()).advance(madeBatch(), signal)).rejects.toMatchObject({
      code,
      kind: 'permanent',
    });
    expect([on.store.rows.size, await on.nonce()]).toEqual([0, used]);
  });

  test('chain.no-funds', async () => {
    await admitHospital(on.chain.rpc, { contract, admin, hospital: stranger.address }, signal);
    const one = madeBatch();
    const poor = on.anchorer({ signer: stranger });
    await expect(poor.advance(one, signal)).rejects.toMatchObject({ code: 'chain.no-funds', kind: 'permanent' });
    await on.chain.rpc.send('anvil_setBalance', [stranger.address, quantity(GWEI * GWEI)]);
    await poor.settle(one, soon, signal);
    expect(await on.anchors(one.root)).toBe(1);
  });

  test('a chain that does not answer is transient', async () => {
    const lost = on.anchorer({ rpc: new ChainRpc('http://127.0.0.1:1') });
    await expect(lost.advance(madeBatch(), signal)).rejects.toMatchObject({
      code: 'chain.unreachable',
      kind: 'transient',
    });
  });

  test('a suspension between sending and inclusion', async () => {
    const other = fundedSigner(3);
    await admitHospital(on.chain.rpc, { contract, admin, hospital: other.address }, signal);
    await on.automine(false);
    const one = madeBatch();
    const worker = on.anchorer({ signer: other });
    await worker.advance(one, signal);
    const fees = { gasLimit: 100_000n, maxFeePerGas: 500n * GWEI, maxPriorityFeePerGas: 400n * GWEI };
    const at = { chainId: CHAIN_ID, nonce: await on.chain.rpc.nonce(admin.address), to: contract };
    const suspension = await signTransaction(admin, { ...at, data: encodeSuspend(other.address), ...fees });
    await on.chain.rpc.send('eth_sendRawTransaction', [suspension.raw]);
    await on.mine();
    await expect(worker.advance(one, signal)).rejects.toMatchObject({ code: 'chain.no-role' });
    expect(await on.anchors(one.root)).toBe(0);
  });
});
