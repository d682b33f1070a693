/** Real parts for a bench: a Kubo node, a chain with the contract and an admitted hospital, a folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { admitHospital, deployHealthIndex } from '../anchor/chain/deploy.ts';
import { Kubo } from '../anchor/store/kubo.ts';
import { fundedSigner, startAnvil } from '../anchor/testing/anvil.ts';
import { startKubo } from '../anchor/testing/kubo.ts';

export const hospital = fundedSigner(1);
export const CHAIN_ID = '31337';
export const signal = AbortSignal.timeout(20 * 60_000);

export async function openStreet(blocks: 'pebbleds' | 'flatfs') {
  const folder = mkdtempSync(join(tmpdir(), 'dhc-bench-'));
  const [node, chain] = await Promise.all([startKubo(blocks), startAnvil()]);
  const admin = fundedSigner(0);
  const { address: contract } = await deployHealthIndex(chain.rpc, { signer: admin, admin: admin.address }, signal);
  await admitHospital(chain.rpc, { contract, admin, hospital: hospital.address }, signal);
  return {
    folder,
    kubo: new Kubo({ url: node.url }),
    rpc: chain.rpc,
    contract,
    async close() {
      await Promise.all([node.stop(), chain.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type Street = Awaited<ReturnType<typeof openStreet>>;

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}
