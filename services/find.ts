/** Each part is found in this order: PATH, the user's cache, and last it is built into the cache. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BridgeError } from '../core/errors.ts';
import { build, type OnProgress } from './build.ts';
import { anvilBinary, cachedBinary, isExecutable, onPath, type Part, serviceVersions } from './parts.ts';

/** The oldest on PATH that speaks the flags and keeps the data formats that we rely on. */
const OLDEST: Readonly<Record<'temporal' | 'kubo', string>> = { temporal: '1.29', kubo: '0.39' };

/**
 * The program of a part, without building anything.
 * @throws BridgeError `service.missing`, its hint the one command that gets it
 */
export async function findBinary(part: Part): Promise<string> {
  const found = await find(part);
  if (found) return found;
  throw new BridgeError('service.missing', `${part} ${serviceVersions[part]} is neither on PATH nor in the cache`, {
    hint: 'run `node setup.mjs --services`',
  });
}

/**
 * The program of a part; built first if need be (minutes), by one process at a time.
 * @throws BridgeError `service.missing` when what the build needs is missing
 */
export async function findOrBuild(part: Part, onProgress?: OnProgress): Promise<string> {
  const found = await find(part);
  if (found || part === 'anvil') return found ?? anvilBinary();
  return build(part, onProgress);
}

async function find(part: Part): Promise<string | undefined> {
  if (part === 'anvil') return anvilBinary();
  const cached = cachedBinary(part);
  if (isExecutable(cached)) return cached;
  const installed = onPath(part === 'kubo' ? 'ipfs' : 'temporal');
  return installed && (await isRecent(part, installed)) ? installed : undefined;
}

/** Asks the program for its version: `Version: 0.39.0` or `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`. */
async function isRecent(part: 'temporal' | 'kubo', binary: string): Promise<boolean> {
  try {
    const args = part === 'kubo' ? ['version', '--number'] : ['--version'];
    const { stdout } = await promisify(execFile)(binary, args, { timeout: 10_000 });
    const version = (part === 'kubo' ? /(\d+)\.(\d+)/ : /Server (\d+)\.(\d+)/).exec(stdout);
    const oldest = OLDEST[part].split('.').map(Number);
    if (!version) return false;
    const [major, minor] = [Number(version[1]), Number(version[2])];
    return major > oldest[0]! || (major === oldest[0]! && minor >= oldest[1]!);
  } catch {
    return false;
  }
}
