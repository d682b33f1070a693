/** A real, private, offline Kubo node for one test file. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findBinary } from '../../services/index.ts';

export interface TestKubo {
  readonly url: string;
  /** IPFS_PATH of the node. */
  readonly repo: string;
  stop(): Promise<void>;
}

/** The program, as the bridge itself finds it; undefined where there is none. */
export const kuboBinary: string | undefined = await findBinary('kubo').catch(() => undefined);

const SETTINGS: Record<string, unknown> = {
  'Addresses.API': '/ip4/127.0.0.1/tcp/0',
  'Addresses.Gateway': [],
  'Addresses.Swarm': [],
  Bootstrap: [],
  'Routing.Type': 'none',
  'Provide.Enabled': false,
  'AutoConf.Enabled': false,
  'Plugins.Plugins.telemetry.Config.Mode': 'off',
};

/** @param blocks `flatfs` keeps each block in a file, which a test can change */
export async function startKubo(blocks: 'pebbleds' | 'flatfs' = 'pebbleds'): Promise<TestKubo> {
  const binary = kuboBinary;
  if (binary === undefined) throw new Error('no Kubo binary');
  const repo = await mkdtemp(join(tmpdir(), 'dhc-kubo-'));
  const env = { ...process.env, IPFS_PATH: repo, IPFS_TELEMETRY: 'off' };
  const run = promisify(execFile);
  await run(binary, ['init', '--empty-repo', '--profile', blocks], { env });
  for (const [key, value] of Object.entries(SETTINGS))
    await run(binary, ['config', '--json', key, JSON.stringify(value)], { env });
  const daemon = spawn(binary, ['daemon', '--offline'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const url = await apiUrl(daemon);
  return {
    url,
    repo,
    async stop() {
      const ended = new Promise((resolve) => daemon.once('exit', resolve));
      daemon.kill('SIGTERM');
      await ended;
      await rm(repo, { recursive: true, force: true });
    },
  };
}

async function apiUrl(daemon: ChildProcess): Promise<string> {
  let port: string | undefined;
  let text = '';
  for await (const chunk of daemon.stdout!) {
    text += chunk;
    port ??= /RPC API server listening on \/ip4\/127\.0\.0\.1\/tcp\/(\d+)/.exec(text)?.[1];
    if (port && text.includes('Daemon is ready')) break;
  }
  if (port === undefined) throw new Error('Kubo did not start');
  return `http://127.0.0.1:${port}`;
}
