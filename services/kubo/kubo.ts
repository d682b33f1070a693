/** The embedded content store: one Kubo node, private and offline. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
      ensureSwarmKey(repo);
      const args = ['daemon', '--migrate=false', '--enable-gc=false'];
      // Offline, a block that is not here is an error at once instead of a search without end.
      if (!listensToPeers(config)) args.push('--offline');
      return { file: binary, args, env: environment(repo), cwd: dataDir };
    },
    probe: () => probeKubo(`http://127.0.0.1:${ports.api}`),
  };
}

/**
 * The key of a private swarm (libp2p PSK 1.0.0): peers without it are refused. Made once; a node that is to hold copies
 * gets this file into its repository.
 */
function ensureSwarmKey(repo: string): void {
  const file = join(repo, 'swarm.key');
  if (existsSync(file)) return;
  writeFileSync(file, `/key/swarm/psk/1.0.0/\n/base16/\n${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
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
  // Without the key the node does not start: it never speaks to the public network.
  return { IPFS_PATH: repo, IPFS_TELEMETRY: 'off', GOLOG_LOG_LEVEL: 'error', LIBP2P_FORCE_PNET: '1' };
}
