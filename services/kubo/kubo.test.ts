import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findBinary } from '../find.ts';
import { openLogFile } from '../log-file.ts';
import { choosePorts } from '../ports.ts';
import type { ProcessIdentity } from '../process.ts';
import { type Supervised, supervise } from '../supervise.ts';
import { listeningAddresses, recordedLog, testFolder, until } from '../testing/fixtures.ts';
import { embeddedKubo } from './kubo.ts';

const binary = await findBinary('kubo').catch(() => undefined);

interface TestNode {
  readonly api: string;
  readonly supervised: Supervised;
  readonly processes: readonly ProcessIdentity[];
}

async function startNode(dataDir: string): Promise<TestNode> {
  const ports = await choosePorts(dataDir, { 'kubo-api': undefined, 'kubo-gateway': undefined });
  const processes: ProcessIdentity[] = [];
  const node = embeddedKubo(binary!, dataDir, { api: ports['kubo-api']!, gateway: ports['kubo-gateway']! });
  const supervised = await supervise(node, {
    log: recordedLog(),
    logFile: openLogFile(join(dataDir, 'logs', 'kubo.log')),
    onStarted: (identity) => processes.push(identity),
  });
  onTestFinished(() => supervised.stop());
  return { api: `http://127.0.0.1:${ports['kubo-api']}`, supervised, processes };
}

async function call(node: TestNode, path: string, body?: Uint8Array<ArrayBuffer>): Promise<Response> {
  const form = new FormData();
  if (body) form.append('file', new Blob([body]));
  return fetch(`${node.api}/api/v0/${path}`, { method: 'POST', body: body ? form : undefined });
}

async function put(node: TestNode, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const response = await call(node, 'block/put?pin=true&cid-codec=raw', bytes);
  return ((await response.json()) as { Key: string }).Key;
}

test.skipIf(!binary)(
  'a pinned block survives kill -9 of the node, whose lock and api files are left behind',
  async () => {
    const node = await startNode(testFolder());
    const bytes = Buffer.from('sealed bytes');
    const cid = await put(node, bytes);
    process.kill(node.processes[0]!.pid, 'SIGKILL');
    await until('it was started again', () => node.supervised.restarts === 1 && node.supervised.state === 'ok');
    expect(Buffer.from(await (await call(node, `block/get?arg=${cid}`)).arrayBuffer())).toEqual(bytes);
    expect(await (await call(node, `pin/ls?arg=${cid}`)).json()).toHaveProperty('Keys');
  },
);

test.skipIf(!binary)('a block that rotted on disk is refused, not served', async () => {
  const dataDir = testFolder();
  const node = await startNode(dataDir);
  const marker = Buffer.from('this-block-will-rot-'.repeat(50));
  const cid = await put(node, marker);
  await node.supervised.stop();
  expect(rot(join(dataDir, 'ipfs', 'pebbleds'), 'this-block-will-rot')).toBeGreaterThan(0);
  const again = await startNode(dataDir);
  const response = await call(again, `block/get?arg=${cid}`);
  expect(response.ok && Buffer.from(await response.arrayBuffer()).includes('ROT')).toBe(false);
});

test.skipIf(!binary)('the node talks to nobody: no peers, no announcing, nothing but loopback', async () => {
  const node = await startNode(testFolder());
  const id = (await (await call(node, 'id')).json()) as { Addresses: string[] | null };
  expect(id.Addresses ?? []).toEqual([]);
  const addresses = listeningAddresses(node.processes[0]!.pid);
  expect(addresses).toHaveLength(2);
  expect(addresses.every((address) => address === '127.0.0.1')).toBe(true);
  const config = (await (await call(node, 'config/show')).json()) as Record<string, Record<string, unknown>>;
  expect(config).toMatchObject({
    Bootstrap: [],
    Routing: { Type: 'none' },
    Provide: { Enabled: false },
    AutoConf: { Enabled: false },
    Datastore: { HashOnRead: true },
    Plugins: { Plugins: { telemetry: { Config: { Mode: 'off' } } } },
  });
});

test.skipIf(!binary)('a missing block is an error at once', async () => {
  const node = await startNode(testFolder());
  const missing = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
  const response = await call(node, `block/get?arg=${missing}`);
  expect(response.status).toBe(500);
});

test.skipIf(!binary)('what guards the records is set again when somebody took it away', async () => {
  const dataDir = testFolder();
  const node = await startNode(dataDir);
  await node.supervised.stop();
  const file = join(dataDir, 'ipfs', 'config');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(
    file,
    JSON.stringify({ ...config, Routing: { Type: 'auto' }, Provide: {}, Gateway: { NoFetch: false } }),
  );
  await startNode(dataDir);
  const now = JSON.parse(readFileSync(file, 'utf8'));
  expect(now).toMatchObject({ Routing: { Type: 'none' }, Provide: { Enabled: false }, Gateway: { NoFetch: true } });
  expect(now.Identity).toEqual(config.Identity);
});

/** Changes the text wherever it lies in the files of a folder. Returns how often. */
function rot(folder: string, text: string): number {
  let found = 0;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const bytes = readFileSync(path);
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
      bytes.write('ROT', at);
      found++;
    }
    writeFileSync(path, bytes);
  }
  return found;
}

test.skipIf(!binary)(
  'a swarm key is made once, for its owner alone, and the node starts with none but that',
  async () => {
    const dataDir = testFolder();
    const node = await startNode(dataDir);
    const file = join(dataDir, 'ipfs', 'swarm.key');
    const made = readFileSync(file, 'utf8');
    expect(made).toMatch(/^\/key\/swarm\/psk\/1\.0\.0\/\n\/base16\/\n[0-9a-f]{64}\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await node.supervised.stop();
    await startNode(dataDir);
    expect(readFileSync(file, 'utf8')).toBe(made);
  },
);
