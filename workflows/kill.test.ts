/** The bridge is killed between any two steps, started again, and must end where it would have ended. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { healthIndexAddress } from '../anchor/chain/deploy.ts';
import { decodeAnchored } from '../anchor/chain/health-index.ts';
import { ChainRpc, type Log } from '../anchor/chain/rpc.ts';
import { privateKeySigner } from '../anchor/chain/signer.ts';
import { openJournal } from '../core/journal/index.ts';
import { openKeystore, saltsPath } from '../core/keystore/keystore.ts';
import { dataPaths } from './bridge.ts';
import type { ChildPlace } from './testing/child.ts';
import { ensureKeystore, ensureNamespace, PASSPHRASE, startHospital, type TestHospital } from './testing/hospital.ts';

const FAILPOINTS = [
  'read.spooled',
  'read.journaled@2',
  'normalize.spooled',
  'normalize.journaled@2',
  'seal.packed',
  'seal.journaled',
  'store.imported',
  'store.journaled@2',
  'anchor.kept',
  'anchor.submitted',
  'anchor.included',
  'anchor.final',
  'anchor.receipts@2',
  'anchor.released',
];

const child = fileURLToPath(new URL('./testing/child.ts', import.meta.url));
let hospital: TestHospital;
let reference: Awaited<ReturnType<typeof endState>>;

beforeAll(async () => {
  hospital = await startHospital();
  const place = await preparePlace('reference');
  await ensureKeystore(join(hospital.folder, 'reference'));
  expect(await runChild(place)).toBe(0);
  reference = await endState(place);
});

afterAll(() => hospital.stop());

it('has a reference that is worth being compared with', () => {
  expect(reference.records).toHaveLength(9);
  expect(reference.sums).toMatchObject({ read: 11, normalized: 9, deadLettered: 2, final: 9, holds: true });
  expect(reference.anchors).toBe(3);
});

it.concurrent.each(FAILPOINTS)(
  'ends in the same state after a kill at %s',
  async (failpoint) => {
    const name = failpoint.replace(/[.@]/g, '-');
    const place = await preparePlace(name);
    copyKeystore(join(hospital.folder, name));
    expect(await runChild(place, failpoint)).toBe('SIGKILL');
    expect(await runChild(place)).toBe(0);
    expect(await endState(place)).toEqual(reference);
  },
  300_000,
);

/** A namespace, an account with money and a data folder of its own. */
async function preparePlace(name: string): Promise<ChildPlace> {
  const { temporal, kubo, chain } = hospital.services;
  await ensureNamespace(temporal.address, name);
  const signer = `0x${randomBytes(32).toString('hex')}`;
  const { address } = privateKeySigner(signer);
  await new ChainRpc(chain.rpc).send('anvil_setBalance', [address, `0x${(10n ** 20n).toString(16)}`]);
  mkdirSync(join(hospital.folder, name), { recursive: true });
  return { folder: hospital.folder, name, logFile: hospital.logFile, signer, services: { temporal, kubo, chain } };
}

/** The same keys seal the same content to the same bytes. */
function copyKeystore(dataDir: string): void {
  const from = dataPaths(join(hospital.folder, 'reference')).keystore;
  const to = dataPaths(dataDir).keystore;
  for (const suffix of ['', '-wal']) {
    if (existsSync(`${saltsPath(from)}${suffix}`))
      copyFileSync(`${saltsPath(from)}${suffix}`, `${saltsPath(to)}${suffix}`);
  }
  copyFileSync(from, to);
}

/** @returns exit code, or the signal that killed it */
function runChild(place: ChildPlace, failpoint = ''): Promise<number | NodeJS.Signals | null> {
  const env = { ...process.env, DHC_FAILPOINT: failpoint };
  const running = spawn(process.execPath, [child, JSON.stringify(place)], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return new Promise((resolve) => running.once('exit', (code, signal) => resolve(signal ?? code)));
}

/** Everything that must not depend on whether and where the bridge was killed. */
async function endState(place: ChildPlace) {
  const paths = dataPaths(join(place.folder, place.name));
  const keystore = await openKeystore(paths.keystore, PASSPHRASE);
  const journal = openJournal(paths.journal, {
    digestKey: keystore.hospitalKey('dhc/digest/1'),
    columnKey: keystore.hospitalKey('dhc/journal/1'),
  });
  const items = (await journal.items()).sort((a, b) => (a.id < b.id ? -1 : 1));
  const records = [];
  for (const { id, batch, normalize, store, anchor, dead, version } of items.filter((item) => !item.dead)) {
    const { contentCid, capsuleCid, commitment, tag, leafIndex } = (await journal.record(id))!;
    const { status, proof, batch: anchored } = (await journal.receipt(id))!;
    const row = {
      id,
      batch,
      normalize,
      store,
      anchor,
      dead,
      version,
      contentCid,
      capsuleCid,
      commitment,
      tag,
      leafIndex,
    };
    records.push({ ...row, status, proof, anchored });
  }
  const letters = await journal.deadLetters();
  const [sums] = await journal.accounting();
  const batches = await journal.batchCounts();
  journal.close();
  keystore.close();
  return {
    records,
    sums,
    batches,
    // The order in which a folder lists its files is its own affair.
    letters: letters
      .map(({ item, attempt, code, state }) => ({ item, attempt, code, state }))
      .sort((a, b) => (a.item < b.item ? -1 : 1)),
    anchors: await countAnchors(place),
  };
}

/** How often anything was anchored in the hospital's own contract. */
async function countAnchors({ services, signer }: ChildPlace): Promise<number> {
  const address = healthIndexAddress(privateKeySigner(signer).address);
  const filter = { address, fromBlock: '0x0', toBlock: 'latest' };
  const logs = await new ChainRpc(services.chain.rpc).send<Log[]>('eth_getLogs', [filter]);
  return logs.filter((log) => decodeAnchored(log, address)).length;
}
