import { afterEach, beforeEach, expect, it } from 'vitest';
import { derivePatientKeys } from '../../core/keystore/patient-keys.ts';
import { Anchorer } from '../chain/anchorer.ts';
import { admitHospital, deployHealthIndex } from '../chain/deploy.ts';
import { findAnchor, hasRole } from '../chain/health-index.ts';
import { ChainRpc } from '../chain/rpc.ts';
import { MemoryAnchors } from '../testing/anchor-table.ts';
import { madeBatch } from '../testing/anchoring.ts';
import { fundedSigner, startAnvil, type TestChain } from '../testing/anvil.ts';
import { hospitalOf } from './alliance.ts';
import { deployAlliance } from './deploy.ts';
import { foundAlliance, profileOf } from './found.ts';

const signal = AbortSignal.timeout(60_000);
const signer = fundedSigner(0);
const profile = profileOf('chenguang', derivePatientKeys(Buffer.alloc(32, 1), Buffer.alloc(32, 2)));
let chain: TestChain;

beforeEach(async () => {
  chain = await startAnvil();
});
afterEach(() => chain.stop());

const found = (rpc = chain.rpc) => foundAlliance(rpc, { signer, profile }, signal);

/** Breaks the connection at its n-th transaction, before or after the node has it. */
function breaking(at: number, after: boolean): ChainRpc {
  let sent = 0;
  return new (class extends ChainRpc {
    override async send<T>(method: string, params: readonly unknown[], stop?: AbortSignal): Promise<T> {
      const cut = method === 'eth_sendRawTransaction' && sent++ === at;
      if (cut && !after) throw new Error('cut off');
      const answer = await super.send<T>(method, params, stop);
      if (cut) throw new Error('cut off');
      return answer;
    }
  })(chain.url);
}

it('an empty chain has an alliance in one block, with the hospital in it', async () => {
  await chain.rpc.send('evm_setAutomine', [false]);
  const made = found();
  await expect.poll(() => chain.rpc.send('txpool_status', [])).toMatchObject({ pending: '0x6' });
  const before = await chain.rpc.blockNumber();
  await chain.rpc.send('evm_mine', []);
  const at = await made;
  expect(await chain.rpc.blockNumber()).toBe(before + 1);
  expect(await hospitalOf(chain.rpc, at.registry!, signer.address)).toEqual({ status: 'active', profile });
  expect(await hasRole(chain.rpc, at.index, signer.address)).toBe(true);
  const nonce = await chain.rpc.nonce(signer.address);
  expect(await found()).toEqual(at);
  expect(await chain.rpc.nonce(signer.address)).toBe(nonce);
});

it.each([0, 1, 2, 3, 4, 5].flatMap((at) => [[at, false] as const, [at, true] as const]))(
  'goes on after a break at transaction %i, sent: %s',
  async (at, after) => {
    await expect(found(breaking(at, after))).rejects.toThrow('cut off');
    const made = await found();
    expect((await hospitalOf(chain.rpc, made.registry!, signer.address)).status).toBe('active');
  },
);

it('two processes at once found one alliance', async () => {
  await chain.rpc.send('evm_setIntervalMining', [1]);
  const [a, b] = await Promise.all([found(), found(new ChainRpc(chain.url))]);
  expect(a).toEqual(b);
  expect((await hospitalOf(chain.rpc, a.registry!, signer.address)).status).toBe('active');
});

it('takes over an index from before the registry, with what was anchored in it', async () => {
  const { address: contract } = await deployHealthIndex(chain.rpc, { signer, admin: signer.address }, signal);
  await admitHospital(chain.rpc, { contract, admin: signer, hospital: signer.address }, signal);
  const store = new MemoryAnchors();
  const anchorer = new Anchorer({ rpc: chain.rpc, chainId: '31337', contract, signer, store, finality: 2 });
  const [old, later] = [madeBatch(3), madeBatch(2)];
  const wait = { until: 'included', deadlineMs: 20_000, pollMs: 20 } as const;
  const { event } = await anchorer.settle(old, wait, signal);
  const at = await found();
  expect(at.index).toBe(contract);
  expect(await findAnchor(chain.rpc, contract, signer.address, old.root)).toEqual(event);
  expect((await anchorer.settle(later, wait, signal)).event.root).toBe(later.root);
});

it('leaves an index alone that another alliance has', async () => {
  const { address: contract } = await deployHealthIndex(chain.rpc, { signer, admin: signer.address }, signal);
  await admitHospital(chain.rpc, { contract, admin: signer, hospital: signer.address }, signal);
  await deployAlliance(chain.rpc, { signer, members: [fundedSigner(1).address], threshold: 1 }, signal);
  const nonce = await chain.rpc.nonce(signer.address);
  expect(await found()).toEqual({ index: contract });
  expect(await chain.rpc.nonce(signer.address)).toBe(nonce);
});
