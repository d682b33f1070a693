/** The real parts as programs: which versions, where they are found, how they are built. */
import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { BridgeError } from '../core/errors.ts';

export type Part = 'temporal' | 'kubo' | 'anvil';

const require = createRequire(import.meta.url);

/** The versions that the bridge is tested with, and that it builds. */
export const serviceVersions: Readonly<Record<Part, string>> = {
  temporal: '1.5.1',
  kubo: '0.39.0',
  anvil: (require('@foundry-rs/anvil/package.json') as { version: string }).version,
};

/** Where built programs are kept for every clone: `$DHC_CACHE`, else XDG's cache folder. */
export function cacheDir(): string {
  const fallback = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dhc-bridge');
  return process.env.DHC_CACHE || fallback;
}

/** The program of a Go part in the cache, built or not. */
export function cachedBinary(part: 'temporal' | 'kubo'): string {
  return join(cacheDir(), `${part}-${serviceVersions[part]}`, part === 'kubo' ? 'ipfs' : 'temporal');
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * anvil's program itself. The package's own entry is a Node script around it, which would cost a second
 * process of 43 MB and stand between the leash and the chain.
 * @throws BridgeError `service.missing` when npm left out the package of this platform
 */
export function anvilBinary(): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = `@foundry-rs/anvil-${process.platform}-${arch}`;
  try {
    // npm hoists the platform's package beside the one that asks for it, or nests it below.
    const manifest = createRequire(require.resolve('@foundry-rs/anvil/package.json')).resolve(`${name}/package.json`);
    const binary = join(dirname(manifest), 'bin', 'anvil');
    if (existsSync(binary)) return binary;
  } catch {
    // Not installed.
  }
  throw new BridgeError('service.missing', `the npm package ${name} is not installed`, {
    hint: 'run `npm ci --include=optional`',
  });
}
