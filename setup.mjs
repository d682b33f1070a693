#!/usr/bin/env node
// Makes a clone ready: npm packages, Node 24 among them, and with --services the real parts.
// Runs on any Node from 20 on, before anything is installed. Says nothing when there is nothing to do.
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const modules = join(root, 'node_modules');
const node24 = join(modules, 'node', 'bin', 'node');
/** What npm scripts find first on their PATH. */
const node24Link = join(modules, '.bin', 'node');

/** A fault with the one command that mends it. */
class SetupError extends Error {
  constructor(what, hint) {
    super(what);
    this.hint = hint;
  }
}

try {
  if (!packagesAreComplete() || !nodeIsThere()) await withLock(preparePackages);
  if (process.argv.includes('--services')) process.exitCode = await prepareServices();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`error: ${error.message}\nhint: ${error.hint}\n`);
  process.exitCode = 1;
}

async function preparePackages() {
  // Another setup may have done it while this one waited for the lock.
  if (!packagesAreComplete()) await installPackages();
  if (!nodeIsThere()) await installNode();
}

/** Whether node_modules holds what package-lock.json names. npm keeps its own record of what it installed. */
function packagesAreComplete() {
  const wanted = readLock(join(root, 'package-lock.json'));
  const installed = readLock(join(modules, '.package-lock.json'));
  if (!wanted) throw new SetupError('package-lock.json is missing', 'run `git checkout package-lock.json`');
  if (!installed) return false;
  // Optional packages are those of other platforms; npm leaves them out.
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version,
  );
}

function readLock(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function nodeIsThere() {
  return existsSync(node24Link) && statSync(node24Link).size > 0;
}

async function installPackages() {
  await step('installing the npm packages of package-lock.json', () => npm(['ci', '--include=dev'], root));
}

/**
 * The package `node` fetches its program in an install script, which npm's policy may have blocked. Here the
 * program's own package is installed aside and the program moved to its place.
 */
async function installNode() {
  const { version } = JSON.parse(readFileSync(join(modules, 'node', 'package.json'), 'utf8'));
  const prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  const name = `${prefix}-${process.platform}-${process.arch}`;
  await step(`installing Node ${version}`, async () => {
    const work = mkdtempSync(join(modules, '.node-'));
    try {
      await npm(['install', '--no-save', '--no-package-lock', '--prefix', work, `${name}@${version}`], work);
      const program = join(work, 'node_modules', name, 'bin', 'node');
      if (spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout?.trim() !== `v${version}`) {
        throw new SetupError(
          `Node ${version} does not run on this machine`,
          `install Node ${version} or later yourself`,
        );
      }
      mkdirSync(dirname(node24), { recursive: true });
      renameSync(program, node24);
      // npm links only programs that are there when it links.
      rmSync(node24Link, { force: true });
      symlinkSync(join('..', 'node', 'bin', 'node'), node24Link);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  });
}

/** The second half is TypeScript and runs on Node 24. Resolves to its exit code. */
function prepareServices() {
  return new Promise((resolve) => {
    const child = spawn(node24, [join(root, 'services', 'setup.ts')], { cwd: root, stdio: 'inherit' });
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Runs npm: the one that started this script, if any, else the one on PATH. */
function npm(args, cwd) {
  const own = process.env.npm_execpath;
  const [file, first] = own?.endsWith('.js') ? [process.execPath, [own]] : ['npm', []];
  const options = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  // npm's own patience with a registry that does not answer is more than a minute.
  options.push('--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000');
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...first, ...args, ...options], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (bytes) => {
      errors = (errors + bytes).slice(-4000);
    });
    child.once('error', () =>
      reject(
        new SetupError('npm is missing', 'install Node.js with npm: `sudo apt-get install npm`, or https://nodejs.org'),
      ),
    );
    child.once('exit', (code) => (code === 0 ? resolve() : reject(npmError(errors))));
  });
}

function npmError(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ECONNRESET|ENETUNREACH/.test(output)) {
    return new SetupError(
      'the npm registry does not answer',
      'check `npm config get registry` and the network, then run `node setup.mjs`',
    );
  }
  return new SetupError(`npm failed:\n${output.trim()}`, 'run `npm ci` and see what it says');
}

/** One line a step, with elapsed seconds; on a terminal the line counts while the work lasts. */
async function step(what, work) {
  const terminal = process.stderr.isTTY && !process.env.NO_COLOR;
  const begun = Date.now();
  const seconds = () => `${((Date.now() - begun) / 1000).toFixed(0)} s`;
  const count = terminal && setInterval(() => process.stderr.write(`\r${what} … ${seconds()}`), 1000);
  process.stderr.write(terminal ? `${what} …` : `${what} …\n`);
  try {
    await work();
    process.stderr.write(`${terminal ? '\r' : ''}${what}: done in ${seconds()}\n`);
  } catch (error) {
    if (terminal) process.stderr.write('\n');
    throw error;
  } finally {
    clearInterval(count);
  }
}

/** Two setups of one clone at the same time: the second waits. A lock whose process is gone is taken over. */
async function withLock(work) {
  const path = join(root, '.dhc', 'setup.lock');
  mkdirSync(dirname(path), { recursive: true });
  for (let told = false; !takeLock(path); told = true) {
    if (!told) process.stderr.write('another setup works on this clone; waiting for it\n');
    await delay(500);
  }
  try {
    await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function takeLock(path) {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return removeStaleLock(path) && takeLock(path);
  }
}

/** Whether the lock was stale and is gone. */
function removeStaleLock(path) {
  // Renaming has one winner; who finds a living holder's lock in its hands puts it back.
  const aside = `${path}.${process.pid}`;
  try {
    if (holderLives(path)) return false;
    renameSync(path, aside);
    if (holderLives(aside)) renameSync(aside, path);
    else rmSync(aside);
    return true;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return true; // gone already
  }
}

function holderLives(path) {
  const pid = Number(readFileSync(path, 'utf8'));
  // Empty for an instant after its creation.
  if (!pid) return Date.now() - statSync(path).mtimeMs < 5_000;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
