/** A chain of the bridge's own: the alliance is there with the first start, and data folders from before go on. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { admitHospital, deployHealthIndex } from '../anchor/chain/deploy.ts';
import { ChainRpc } from '../anchor/chain/rpc.ts';
import { privateKeySigner } from '../anchor/chain/signer.ts';
import { hospitalOf } from '../anchor/consent/alliance.ts';
import { registryOf } from '../anchor/consent/contracts.ts';
import { verifyReceipt } from '../anchor/verify/verify.ts';
import { embeddedSigner } from '../services/index.ts';
import { type Bridge, openBridge } from './bridge.ts';
import {
  ensureKeystore,
  ensureNamespace,
  listFeed,
  observations,
  startHospital,
  type TestHospital,
} from './testing/hospital.ts';

const signal = AbortSignal.timeout(110_000);
let hospital: TestHospital;
beforeAll(async () => {
  hospital = await startHospital();
});
afterAll(() => hospital.stop());

async function anchored(bridge: Bridge, feed: string): Promise<void> {
  await bridge.startWorker();
  await bridge.runFeed(feed);
  expect(await bridge.waitAnchored({ timeoutMs: 60_000 })).toBe(true);
}

it('a data folder from before the registry keeps its index, its anchors and its receipts', async () => {
  const items = observations(3);
  const options = hospital.options('old', [listFeed('old', items)]);
  await ensureKeystore(options.dataDir);
  await ensureNamespace(hospital.services.temporal.address, 'old');
  const rpc = new ChainRpc(hospital.services.chain.rpc);
  const signer = privateKeySigner(embeddedSigner.privateKey);
  // As releases before did it: the index alone, administered by the hospital's account.
  const { address: contract } = await deployHealthIndex(rpc, { signer, admin: signer.address }, signal);
  await admitHospital(rpc, { contract, admin: signer, hospital: signer.address }, signal);
  const chain = { ...options.services.chain, contract };
  const before = await openBridge({ ...options, services: { ...options.services, chain } });
  try {
    await anchored(before, 'old');
    expect((await before.chain()).consent).toBeUndefined();
  } finally {
    await before.close();
  }

  items.push(...observations(2, 50));
  const after = await hospital.reopen('old', [listFeed('old', items)]);
  try {
    const { contract: index, consent, chainId } = await after.chain();
    expect(index).toBe(contract);
    const registry = await registryOf(rpc, consent!, signal);
    expect((await hospitalOf(rpc, registry, signer.address)).status).toBe('active');
    await anchored(after, 'old');
    const all = await after.journal.items({ feed: 'old' });
    expect(all).toHaveLength(5);
    for (const { id, patientRef } of all) {
      const key = after.keystore.patientKeys(patientRef!);
      const trusted = { chainId, contract: index };
      const verdict = await verifyReceipt(
        await after.journal.receipt(id),
        { rpc, kubo: after.kubo, key, trusted },
        signal,
      );
      expect(verdict.checks.filter(({ status }) => status !== 'pass')).toEqual([]);
    }
  } finally {
    await after.close();
  }
});
