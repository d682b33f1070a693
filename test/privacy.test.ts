/**
 * Nothing that says who a patient is leaves sealed content. The identifiers are taken from the samples by their own
 * formats and looked for in every form and every place; in each place one is planted, to prove that it is seen there.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Opened, open } from '../cli/open.ts';
import { runCli } from './testing/cli.ts';
import { type DemoEnd, demoConfig, demoFolder, runDemo } from './testing/demo.ts';
import { decode, readSamples } from './testing/identifiers.ts';
import { Needles } from './testing/needles.ts';
import {
  blocks,
  chainBytes,
  databaseValues,
  fileContents,
  fileNames,
  type Piece,
  receiptTexts,
} from './testing/places.ts';
import { killAll } from './testing/processes.ts';

const PLANTED = '张伟';
const samples = readSamples();
const needles = new Needles(samples);
const folder = demoFolder();
const data = join(folder, 'data');
const printed: Piece[] = [];
let demo: DemoEnd;
let opened: Opened;
let closed = false;

beforeAll(async () => {
  demo = await runDemo(folder, { env: { DHC_DEBUG: '1' } });
  expect(demo.code, demo.stderr).toBe(0);
  for (const args of [
    ['status'],
    ['runs'],
    ['dead-letter', 'list'],
    ['config', 'check'],
    ['doctor'],
    ['verify', '--all'],
  ]) {
    for (const json of [[], ['--json']]) {
      const { stdout, stderr } = await runCli([...args, ...json], { config: join(folder, 'bridge.yaml') });
      printed.push([args.join(' '), Buffer.from(stdout + stderr)]);
    }
  }
  opened = await open(demoConfig(folder), 'worker');
  // A second reading, so that this process has something to count.
  await opened.bridge.runFeed('laboratory');
});

afterAll(async () => {
  if (!closed) await opened?.close();
  killAll(folder);
  rmSync(dirname(folder), { recursive: true, force: true });
});

it('knows every patient of the sample hospital, and sees them in the samples', () => {
  const known = ['张伟', '王芳', '李娜', '陈𠮷', '赵敏', '刘洋', '孙悦', 'Margaret Okafor', 'Zhang Wei', 'zhangwei'];
  const numbers = ['CG100001', 'CG100008', '990101197803120018', '555-0101', 'CGR2603020001', 'ZY2603010001'];
  expect(samples.values).toEqual(expect.arrayContaining([...known, ...numbers]));
  expect(samples.values.filter((value) => /^CG10000\d$/.test(value))).toHaveLength(8);
  const seen = samples.files.filter((bytes) => needles.find(bytes).length > 0);
  expect(seen.length).toBeGreaterThan(60);
  const charsets = new Set(seen.flatMap((bytes) => needles.find(bytes).map((found) => found.split(' ')[0])));
  expect([...charsets]).toEqual(expect.arrayContaining(['UTF-8', 'GB18030', 'UTF-16LE']));
});

it.each(['UTF-8 ', 'base64', 'hex', 'percent'])('sees a whole sample that is written as %s', (form) => {
  const text = decode(samples.files[0]!);
  const written: Record<string, string> = {
    'UTF-8 ': text,
    base64: Buffer.from(text).toString('base64'),
    hex: Buffer.from(text).toString('hex'),
    percent: encodeURIComponent(text),
  };
  expect(needles.find(Buffer.from(`x${written[form]}`)).some((found) => found.startsWith(form.trim()))).toBe(true);
});

const CLEAN = 'nothing';

async function search(pieces: Iterable<Piece> | AsyncIterable<Piece>): Promise<string> {
  let count = 0;
  for await (const [name, bytes] of pieces) {
    count += 1;
    const [found] = needles.find(bytes);
    if (found) return `${found} in ${name}`;
  }
  return count > 0 ? CLEAN : 'an empty place';
}

/** Each place, how it is searched, and how a value gets there that must not. */
const places: Record<string, { pieces: () => Iterable<Piece> | AsyncIterable<Piece>; plant: () => Promise<void> }> = {
  'files of the data folder': {
    pieces: () => fileContents(data),
    // 张^伟 in GB18030.
    plant: async () => writeFileSync(join(data, 'cars', 'x.car'), Buffer.from('0000d5c55eceb00000', 'hex')),
  },
  'names of files and folders': {
    pieces: () => fileNames(folder),
    plant: async () => void mkdirSync(join(data, 'spool', 'large', `x-${PLANTED}`)),
  },
  logs: {
    pieces: () => fileContents(join(data, 'logs')),
    plant: async () => writeFileSync(join(data, 'logs', 'x.log'), `{"msg":"${PLANTED}"}`),
  },
  'what the demo and the commands print': {
    pieces: () => [...printed, ['demo', Buffer.from(demo.stdout + demo.stderr)] as const],
    plant: async () => void printed.push(['status', Buffer.from(`read ${PLANTED}`)]),
  },
  'values of the journal': {
    pieces: () => databaseValues(join(data, 'journal.db')),
    plant: () => opened.bridge.journal.beginRun('laboratory', 'hl7v2', PLANTED),
  },
  'values of the spool and the keystore': {
    pieces: function* () {
      yield* databaseValues(join(data, 'spool', 'spool.db'));
      yield* databaseValues(join(data, 'keystore.db'));
    },
    plant: () => opened.bridge.spool.put('zhangwei', new Uint8Array(1)),
  },
  "values of Temporal's database": {
    pieces: () => databaseValues(join(data, 'temporal', 'temporal.db')),
    plant: async () => {
      const { address, namespace } = opened.services!.temporal;
      const connection = await Connection.connect({ address });
      const options = { taskQueue: 'nobody', workflowId: 'planted', args: [PLANTED] };
      await new Client({ connection, namespace }).workflow.start('nothing', options);
      await connection.close();
    },
  },
  'blocks of the IPFS node': {
    pieces: () => blocks(opened.services!.kubo),
    plant: async () => {
      const body = new FormData();
      body.append('data', new Blob([`a record of ${PLANTED}`]));
      await fetch(`${opened.services!.kubo.api}/api/v0/block/put`, { method: 'POST', body });
    },
  },
  'calldata of the chain': {
    pieces: async function* () {
      yield* chainBytes(await opened.bridge.chain());
    },
    plant: () => transact({ to: `0x${'11'.repeat(20)}`, data: `0x${Buffer.from(PLANTED).toString('hex')}` }),
  },
  'events of the chain': {
    pieces: async function* () {
      for await (const piece of chainBytes(await opened.bridge.chain())) if (piece[0].startsWith('event')) yield piece;
    },
    // Code that logs the six bytes behind it: CODECOPY, LOG0, STOP.
    plant: () => transact({ data: `0x6006600d60003960066000a000${Buffer.from(PLANTED).toString('hex')}` }),
  },
  receipts: {
    pieces: async function* () {
      yield* receiptTexts(opened.bridge);
    },
    plant: async () => {
      const journal = new DatabaseSync(join(data, 'journal.db'), { timeout: 10_000 });
      journal.prepare("UPDATE receipt SET json = json_set(json, '$.batch.manifest', ?)").run(PLANTED);
      journal.close();
    },
  },
  metrics: {
    pieces: async function* () {
      yield ['metrics', Buffer.from(await opened.bridge.metrics.text())] as const;
    },
    plant: async () => opened.bridge.metrics.records(PLANTED, 'read', 'ok', 1),
  },
};

async function transact(transaction: { to?: string; data: string }): Promise<void> {
  const { rpc, signer } = await opened.bridge.chain();
  await rpc.send('eth_sendTransaction', [{ from: signer, gas: '0x186a0', ...transaction }]);
  await rpc.send('evm_mine', []);
}

describe.each(Object.entries(places))('%s', (_name, { pieces, plant }) => {
  it('hold no identifier of a patient, and would not hide one', async () => {
    expect(await search(pieces())).toBe(CLEAN);
    await plant();
    expect(await search(pieces())).toMatch(/ of (张\^?伟|zhangwei) at \d+ in /);
  });
});

it('sees what was planted in files that the services wrote', async () => {
  await opened.close();
  closed = true;
  const found = new Map<string, string>();
  for (const piece of fileContents(data)) {
    const hit = needles.find(piece[1])[0];
    if (hit) found.set(piece[0].split('/')[0]!, hit);
  }
  expect([...found.keys()].sort()).toEqual(expect.arrayContaining(['cars', 'chain', 'journal.db', 'logs', 'temporal']));
});
