import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { JsonRpcProvider, type TransactionReceipt, Wallet } from 'ethers';
import { expect, onTestFinished, test } from 'vitest';
import { openLogFile } from '../log-file.ts';
import { anvilBinary } from '../parts.ts';
import { choosePorts } from '../ports.ts';
import type { ProcessIdentity } from '../process.ts';
import { type Supervised, supervise } from '../supervise.ts';
import { recordedLog, testFolder, until } from '../testing/fixtures.ts';
import { embeddedChain, embeddedSigner } from './anvil.ts';

/** Creates a contract that on each call writes 42 into slot 0 and emits an empty event. */
const CONTRACT = '0x600b80600b6000396000f3602a60005560006000a000';

interface TestChain {
  readonly rpc: string;
  readonly folder: string;
  readonly supervised: Supervised;
  readonly processes: readonly ProcessIdentity[];
}

async function startChain(dataDir: string): Promise<TestChain> {
  const { chain: port } = await choosePorts(dataDir, { chain: undefined });
  const processes: ProcessIdentity[] = [];
  const supervised = await supervise(embeddedChain(anvilBinary(), dataDir, port!), {
    log: recordedLog(),
    logFile: openLogFile(join(dataDir, 'logs', 'chain.log')),
    onStarted: (identity) => processes.push(identity),
  });
  onTestFinished(() => supervised.stop());
  return { rpc: `http://127.0.0.1:${port}`, folder: join(dataDir, 'chain'), supervised, processes };
}

function connect({ rpc }: TestChain): { provider: JsonRpcProvider; signer: Wallet } {
  const provider = new JsonRpcProvider(rpc, undefined, { pollingInterval: 100, cacheTimeout: -1, staticNetwork: true });
  onTestFinished(() => provider.destroy());
  return { provider, signer: new Wallet(embeddedSigner.privateKey, provider) };
}

/** What a verifier asks the chain for, as the chain words it. */
async function evidence(provider: JsonRpcProvider, receipt: TransactionReceipt): Promise<unknown[]> {
  return Promise.all([
    provider.send('eth_getTransactionReceipt', [receipt.hash]),
    provider.send('eth_getTransactionByHash', [receipt.hash]),
    provider.send('eth_getBlockByHash', [receipt.blockHash, true]),
    provider.send('eth_getBlockByNumber', [`0x${receipt.blockNumber.toString(16)}`, false]),
    provider.send('eth_getLogs', [{ blockHash: receipt.blockHash }]),
  ]);
}

async function callContract(signer: Wallet): Promise<{ contract: string; receipts: TransactionReceipt[] }> {
  const created = await (await signer.sendTransaction({ data: CONTRACT })).wait();
  const called = await (await signer.sendTransaction({ to: created!.contractAddress })).wait();
  return { contract: created!.contractAddress!, receipts: [created!, called!] };
}

test('after a stop and a start, receipts, blocks, events, code, storage, nonce and balance are as before', async () => {
  const dataDir = testFolder();
  const first = await startChain(dataDir);
  const { provider, signer } = connect(first);
  const { contract, receipts } = await callContract(signer);
  const before = await Promise.all(receipts.map((receipt) => evidence(provider, receipt)));
  const account = () => Promise.all([signer.getNonce(), provider.getBalance(signer), provider.getCode(contract)]);
  const accountBefore = await account();
  await first.supervised.stop();

  const second = await startChain(dataDir);
  expect(second.rpc).toBe(first.rpc);
  expect(await Promise.all(receipts.map((receipt) => evidence(provider, receipt)))).toEqual(before);
  expect(before[1]![4]).toHaveLength(1);
  expect(await account()).toEqual(accountBefore);
  expect(await provider.getStorage(contract, 0)).toBe(`0x${'2a'.padStart(64, '0')}`);
  const after = await (await signer.sendTransaction({ to: contract })).wait();
  expect(after!.blockNumber).toBeGreaterThan(receipts[1]!.blockNumber);
});

test('state at `finalized` is served right after a restart', async () => {
  const dataDir = testFolder();
  const first = await startChain(dataDir);
  await callContract(connect(first).signer);
  await first.supervised.stop();
  const { provider } = connect(await startChain(dataDir));
  expect(await provider.getTransactionCount(embeddedSigner.address, 'finalized')).toBe(2);
});

test('kill -9 of anvil loses at most the last beat', async () => {
  const dataDir = testFolder();
  const chain = await startChain(dataDir);
  const { provider, signer } = connect(chain);
  const { receipts } = await callContract(signer);
  const before = await Promise.all(receipts.map((receipt) => evidence(provider, receipt)));
  await delay(1_500);
  process.kill(chain.processes[0]!.pid, 'SIGKILL');
  await until('it was started again', () => chain.supervised.restarts === 1 && chain.supervised.state === 'ok');
  expect(await Promise.all(receipts.map((receipt) => evidence(provider, receipt)))).toEqual(before);
});

test('a transaction becomes final although nothing follows it, and then the chain is still', async () => {
  const dataDir = testFolder();
  const chain = await startChain(dataDir);
  const { provider, signer } = connect(chain);
  const [receipt] = (await callContract(signer)).receipts;
  await until('it is final', async () => (await provider.getBlock('finalized'))!.number >= receipt!.blockNumber);
  const settled = receipt!.blockNumber + 17;
  await until('the trailing blocks are there', async () => (await provider.getBlockNumber()) >= settled, 30_000);
  await delay(2_500);
  const still = await provider.getBlockNumber();
  await delay(2_500);
  expect(await provider.getBlockNumber()).toBe(still);
});

test('a damaged newest snapshot is set aside and the one before it is used', async () => {
  const dataDir = testFolder();
  const first = await startChain(dataDir);
  const { provider, signer } = connect(first);
  const [created] = (await callContract(signer)).receipts;
  await delay(2_500); // one more beat: both kept snapshots know the transaction
  await first.supervised.stop();
  const [, newest] = readdirSync(first.folder).sort();
  writeFileSync(join(first.folder, newest!), '{"block": {"number"');
  await startChain(dataDir);
  expect(await provider.getTransactionReceipt(created!.hash)).toMatchObject({ blockHash: created!.blockHash });
  expect(readdirSync(first.folder)).toContain(`${newest}.unreadable`);
});

test('without any readable snapshot no empty chain is started in its place', async () => {
  const dataDir = testFolder();
  const first = await startChain(dataDir);
  await callContract(connect(first).signer);
  await first.supervised.stop();
  for (const name of readdirSync(first.folder)) writeFileSync(join(first.folder, name), '{');
  await expect(startChain(dataDir)).rejects.toMatchObject({ code: 'service.failed' });
  await expect(startChain(dataDir)).rejects.toMatchObject({ code: 'service.failed' });
});

test('a chain that lived long keeps its first receipts beyond the pruned history', async () => {
  const dataDir = testFolder();
  const first = await startChain(dataDir);
  const { provider, signer } = connect(first);
  const { receipts } = await callContract(signer);
  const before = await Promise.all(receipts.map((receipt) => evidence(provider, receipt)));
  await provider.send('anvil_mine', ['0x12c']);
  await first.supervised.stop();
  await startChain(dataDir);
  expect(await Promise.all(receipts.map((receipt) => evidence(provider, receipt)))).toEqual(before);
});
