/** The embedded content store: one Kubo node, private and offline. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BridgeError } from '../../core/errors.ts';
import { writeJson } from '../files.ts';
import { probeKubo } from '../probes.ts';
import type { Embedded } from '../supervise.ts';
import { guarded, type KuboConfig, listensToPeers, withFirstChoices } from './config.ts';

export interface KuboPorts {
  readonly api: number;
  readonly gateway: number;
}

/** The block store: a key-value store with a write-ahead log (docs/decisions/0012). */
const PROFILES = 'pebbleds,announce-off,autoconf-off';

export function embeddedKubo(binary: string, dataDir: string, ports: KuboPorts): Embedded {
  const repo = join(dataDir, 'ipfs');
  return {
    name: 'kubo',
    async command() {
      if (!existsSync(repo)) await createRepo(binary, repo);
      const file = join(repo, 'config');
      const config = guarded(JSON.parse(readFileSync(file, 'utf8')) as KuboConfig, ports);
      writeJson(file, config);
      const args = ['daemon', '--migrate=false', '--enable-gc=false'];
      // Offline, a block that is not here is an error at once instead of a search without end.
      if (!listensToPeers(config)) args.push('--offline');
      return { file: binary, args, env: environment(repo), cwd: dataDir };
    },
    probe: () => probeKubo(`http://127.0.0.1:${ports.api}`),
  };
}

/** Made aside and renamed when complete, so that a kill in between leaves no half repository. */
async function createRepo(binary: string, repo: string): Promise<void> {
  const temporary = `${repo}.new`;
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  try {
    await promisify(execFile)(binary, ['init', '--empty-repo', `--profile=${PROFILES}`], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment(temporary) },
    });
  } catch (error) {
    throw new BridgeError('service.failed', 'Kubo could not create its repository', { cause: error });
  }
  const file = join(temporary, 'config');
  writeJson(file, withFirstChoices(JSON.parse(readFileSync(file, 'utf8')) as KuboConfig));
  renameSync(temporary, repo);
}

function environment(repo: string): Record<string, string> {
  return { IPFS_PATH: repo, IPFS_TELEMETRY: 'off', GOLOG_LOG_LEVEL: 'error' };
}
