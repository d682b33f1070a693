/** Builds the parts that are Go programs, once a version and user, from modules whose hashes are checked. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BridgeError } from '../core/errors.ts';
import { waitForLock } from './lock.ts';
import { cacheDir, cachedBinary, isExecutable, onPath, serviceVersions } from './parts.ts';

/** Told what is being done, and when it is done (`seconds`). */
export type OnProgress = (step: string, seconds?: number) => void;
export type GoPart = 'temporal' | 'kubo';

const KUBO_TOOLS = fileURLToPath(new URL('kubo/tools', import.meta.url));

/** @throws BridgeError `service.missing` without Go or without the modules */
export async function build(part: GoPart, onProgress: OnProgress = () => {}): Promise<string> {
  const binary = cachedBinary(part);
  const lock = await waitForLock(join(cacheDir(), 'build.lock'));
  try {
    if (isExecutable(binary)) return binary; // built by another while we waited
    const step = `building ${part} ${serviceVersions[part]} from its Go modules, once, 2 to 3 minutes`;
    onProgress(step);
    const begun = Date.now();
    await buildInto(part, binary);
    onProgress(step, (Date.now() - begun) / 1000);
    return binary;
  } finally {
    lock.release();
  }
}

/** In a folder aside that gets its name when the program is complete and runs. */
async function buildInto(part: GoPart, binary: string): Promise<void> {
  const go = findGo(part);
  const work = mkdtempSync(join(cacheDir(), '.build-'));
  try {
    const output = join(work, 'bin');
    mkdirSync(output);
    if (part === 'kubo') await buildKubo(go, join(work, 'tools'), output);
    else await installTemporal(go, output);
    await promisify(execFile)(join(output, basename(binary)), ['--version']);
    rmSync(dirname(binary), { recursive: true, force: true });
    renameSync(output, dirname(binary));
  } catch (error) {
    throw buildError(part, error);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Our tools module, because Kubo's own go.mod pins a module that Go 1.26 does not compile. */
async function buildKubo(go: string, tools: string, output: string): Promise<void> {
  cpSync(KUBO_TOOLS, tools, { recursive: true });
  const args = ['build', '-ldflags=-s -w', '-o', join(output, 'ipfs'), 'github.com/ipfs/kubo/cmd/ipfs'];
  await runGo(go, args, { cwd: tools });
}

async function installTemporal(go: string, output: string): Promise<void> {
  const target = `github.com/temporalio/cli/cmd/temporal@v${serviceVersions.temporal}`;
  await runGo(go, ['install', '-ldflags=-s -w', target], { cwd: output, GOBIN: output });
}

async function runGo(go: string, args: string[], options: { cwd: string; GOBIN?: string }): Promise<void> {
  const env = { ...process.env, GOWORK: 'off', GOFLAGS: '-mod=readonly' };
  await promisify(execFile)(go, args, {
    cwd: options.cwd,
    env: options.GOBIN === undefined ? env : { ...env, GOBIN: options.GOBIN },
    maxBuffer: 64 * 1024 * 1024,
  });
}

function findGo(part: GoPart): string {
  const go = onPath('go') ?? ['/usr/local/go/bin/go', '/opt/homebrew/bin/go'].find(existsSync);
  if (go) return go;
  const command = process.platform === 'darwin' ? 'brew install go' : 'sudo snap install go --classic';
  throw new BridgeError('service.missing', `${part} has to be built, and there is no Go (1.25 or later) to do it`, {
    hint: `run \`${command}\`, then \`node setup.mjs --services\`; or put ${part === 'kubo' ? 'ipfs' : part} on PATH`,
  });
}

function buildError(part: GoPart, error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  const output = String((error as { stderr?: unknown }).stderr ?? '');
  if (/dial tcp|no such host|timeout|connection refused|proxyconnect/i.test(output)) {
    return new BridgeError('service.missing', `${part} could not be built: the Go module proxy does not answer`, {
      hint: 'check `go env GOPROXY` and the network, then run `node setup.mjs --services`',
      cause: error,
    });
  }
  if (/requires go >=|go\.mod requires/i.test(output)) {
    return new BridgeError('service.missing', `${part} could not be built: this Go is too old`, {
      hint: 'install Go 1.26 or later, then run `node setup.mjs --services`',
      cause: error,
    });
  }
  return new BridgeError('service.missing', `${part} could not be built`, {
    hint: 'run `node setup.mjs --services` again; `go version` and disk space are the usual causes',
    cause: error,
  });
}
