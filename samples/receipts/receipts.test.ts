/** What was anchored under format 1 verifies for ever, by both verifiers, from files that are never made again. */
import { execFile } from 'node:child_process';
import { createReadStream, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kubo } from '../../anchor/store/kubo.ts';
import { startAnvil, type TestChain } from '../../anchor/testing/anvil.ts';
import { kuboBinary, startKubo, type TestKubo } from '../../anchor/testing/kubo.ts';
import { verifyReceipt } from '../../anchor/verify/verify.ts';
import type { Receipt } from '../../core/types.ts';
import { replay } from './recorded-chain.ts';

const run = promisify(execFile);
const FOLDER = join(import.meta.dirname, 'format-1');
const VERIFIER = join(import.meta.dirname, '..', '..', 'tools', 'verify_receipt.py');
const names = readdirSync(FOLDER).flatMap((name) => /^(.+)\.receipt\.json$/.exec(name)?.[1] ?? []);
const json = (name: string) => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
const receipt = (name: string): Receipt => json(`${name}.receipt.json`);
const trusted: { chainId: string; contract: string } = json('trusted.json');
const python = await run('python3', ['-c', 'import aws_encryption_sdk, cbor2, Crypto.Hash.keccak']).then(
  () => true,
  () => false,
);
const OTHER_HASH = `0x${'5'.repeat(64)}`;
const signal = AbortSignal.timeout(170_000);

/** Each falsehood and the check that has to name it. */
const LIES: readonly (readonly [check: string, lie: (r: Receipt) => unknown])[] = [
  ['receipt', (r) => ({ ...r, format: 2 })],
  ['receipt', (r) => ({ ...r, index: r.batch.count })],
  ['receipt', (r) => ({ ...r, contract: r.contract.toLowerCase() })],
  ['chain', (r) => ({ ...r, chainId: '1' })],
  ['trusted contract', (r) => ({ ...r, contract: r.hospital })],
  ['transaction', (r) => ({ ...r, tx: OTHER_HASH })],
  ['block', (r) => ({ ...r, block: { ...r.block, hash: OTHER_HASH } })],
  ['block', (r) => ({ ...r, block: { ...r.block, number: r.block.number + 1 } })],
  ['event', (r) => ({ ...r, hospital: r.contract })],
  ['event', (r) => ({ ...r, batch: { ...r.batch, root: OTHER_HASH } })],
  ['event', (r) => ({ ...r, batch: receipt('1-0').batch })],
  ['event', (r) => ({ ...r, index: (r.index + 1) % r.batch.count })],
  ['event', (r) => ({ ...r, record: { ...r.record, tag: '0'.repeat(32) } })],
  ['entry', (r) => ({ ...r, record: { ...r.record, contentCid: receipt('1-0').record.contentCid } })],
  ['entry', (r) => ({ ...r, record: { ...r.record, commitment: '0'.repeat(64) } })],
  ['entry', (r) => ({ ...r, record: { ...r.record, size: r.record.size + 1 } })],
  ['proof', (r) => ({ ...r, proof: r.proof.slice(1) })],
  ['proof', (r) => ({ ...r, proof: [...r.proof.slice(1), r.proof[0]] })],
];

describe.skipIf(kuboBinary === undefined)('receipts of format 1', { timeout: 120_000 }, () => {
  let node: TestKubo;
  let anvil: TestChain;
  let recorded: Awaited<ReturnType<typeof replay>>;
  let folder: string;

  beforeAll(async () => {
    [node, anvil, recorded, folder] = await Promise.all([
      startKubo(),
      startAnvil(),
      replay(json('chain.json')),
      mkdtemp(join(tmpdir(), 'dhc-receipts-')),
    ]);
    await anvil.rpc.send('anvil_loadState', [readFileSync(join(FOLDER, 'anvil-state.hex'), 'utf8')]);
    const kubo = new Kubo({ url: node.url });
    for (const car of readdirSync(FOLDER).filter((name) => name.endsWith('.car'))) {
      const batch = receipt(`${/\d+/.exec(car)}-0`).batch;
      await kubo.importCar(createReadStream(join(FOLDER, car)), batch.manifest);
    }
  });
  afterAll(async () => {
    recorded?.close();
    await Promise.all([node?.stop(), anvil?.stop(), rm(folder, { recursive: true, force: true })]);
  });

  const rpcOf = (chain: string) => (chain === 'anvil' ? anvil.url : recorded.url);

  function key(name: string) {
    const { x25519Private, indexKey } = json(`${name}.key.json`) as Record<string, string>;
    return { x25519Private: Buffer.from(x25519Private!, 'hex'), indexKey: Buffer.from(indexKey!, 'hex') };
  }

  function ours(text: unknown, keyName: string, chain = 'recorded') {
    return verifyReceipt(text, { rpc: rpcOf(chain), kubo: node.url, key: key(keyName), trusted }, signal);
  }

  /** The verdict of the Python verifier for each file, in order, and the check that failed first. */
  async function theirs(files: readonly string[], keyName: string, chain = 'recorded'): Promise<string[]> {
    const place = ['--rpc', rpcOf(chain), '--kubo', node.url, '--contract', trusted.contract];
    const keyFile = join(FOLDER, `${keyName}.key.json`);
    const args = [VERIFIER, ...place, '--chain-id', trusted.chainId, '--key', keyFile, ...files];
    const { stdout } = await run('python3', args).catch((error: { stdout: string }) => error);
    const verdicts: string[] = [];
    let failed = '';
    for (const line of stdout.trimEnd().split('\n')) {
      const [, status, name] = /^ {6}(\w+) +([^:]+)/.exec(line) ?? [];
      if (status === 'fail') failed ||= `: ${name}`;
      if (status !== undefined) continue;
      verdicts.push(line.split(' ')[0]! + failed);
      failed = '';
    }
    return verdicts;
  }

  test('there are six, with all that a record can have', () => {
    expect(names).toHaveLength(6);
    expect(names.filter((name) => receipt(name).record.partsCid !== undefined)).toHaveLength(1);
    expect(names.filter((name) => receipt(name).record.size > 1 << 20)).toHaveLength(1);
    expect(names.filter((name) => receipt(name).proof.length === 0)).toHaveLength(1);
  });

  test.each(['recorded', 'anvil'])('all verify against the chain that is %s', async (chain) => {
    for (const name of names) {
      const verdict = await ours(readFileSync(join(FOLDER, `${name}.receipt.json`), 'utf8'), name, chain);
      expect(verdict.checks.filter((check) => check.status !== 'pass')).toEqual([]);
    }
  });

  test.skipIf(!python).each(['recorded', 'anvil'])('all verify in Python: %s', async (chain) => {
    for (const name of names) {
      const file = join(FOLDER, `${name}.receipt.json`);
      expect(await theirs([file], name, chain)).toEqual(['pass']);
    }
  });

  test('each lie is named', async () => {
    for (const [check, lie] of LIES) {
      const verdict = await ours(lie(receipt('0-0')), '0-0', 'anvil');
      expect(verdict.status).toBe('fail');
      expect(verdict.checks.find(({ status }) => status === 'fail')?.name).toBe(check);
    }
  });

  test.skipIf(!python)('each lie is named in Python', async () => {
    const files = LIES.map(([, lie], index) => {
      const file = join(folder, `${index}.json`);
      writeFileSync(file, JSON.stringify(lie(receipt('0-0'))));
      return file;
    });
    const verdicts = await theirs(files, '0-0', 'anvil');
    expect(verdicts).toEqual(LIES.map(([check]) => `fail: ${check}`));
  });

  test("another patient's key opens nothing", async () => {
    const other = names.find((name) => json(`${name}.key.json`).indexKey !== json('0-0.key.json').indexKey)!;
    const verdict = await ours(receipt('0-0'), other);
    expect(verdict.checks.filter(({ status }) => status === 'fail').map(({ name }) => name)).toEqual([
      'key packet',
      'decryption',
      'tag',
    ]);
    if (python) {
      expect(await theirs([join(FOLDER, '0-0.receipt.json')], other)).toEqual(['fail: key packet']);
    }
  });
});
