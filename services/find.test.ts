import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findBinary, findOrBuild } from './find.ts';
import { cachedBinary, serviceVersions } from './parts.ts';
import { testFolder } from './testing/fixtures.ts';

const before = { PATH: process.env.PATH, DHC_CACHE: process.env.DHC_CACHE };

beforeEach(() => {
  process.env.PATH = testFolder();
  process.env.DHC_CACHE = testFolder();
});

afterEach(() => {
  Object.assign(process.env, before);
  if (before.DHC_CACHE === undefined) delete process.env.DHC_CACHE;
});

/** A stand-in that prints a version; doubles are for faults, and a wrong version is one. */
function program(path: string, prints: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "${prints}"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A stand-in for Go that writes down how it was called and leaves a program where it was asked to. */
function fakeGo(script: string): string {
  const path = join(process.env.PATH!, 'go');
  writeFileSync(path, `#!/bin/sh\nPATH=/bin:/usr/bin\necho "$@" >> ${process.env.DHC_CACHE}/calls\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const MAKE_IPFS =
  'while [ "$1" != -o ]; do shift; done; printf "#!/bin/sh\\necho 0.39.0\\n" > "$2"; /bin/chmod +x "$2"; sleep 0.3';

test.each([
  ['kubo', 'ipfs', '0.39.0', true],
  ['kubo', 'ipfs', '0.43.1', true],
  ['kubo', 'ipfs', '0.38.2', false],
  ['temporal', 'temporal', 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)', true],
  ['temporal', 'temporal', 'temporal version 0.13.0 (Server 1.24.2, UI 2.29.0)', false],
  ['temporal', 'temporal', 'something else of that name', false],
] as const)('%s on PATH that says "%s %s" is taken: %s', async (part, name, version, taken) => {
  const path = program(join(process.env.PATH!, name), version);
  if (taken) expect(await findBinary(part)).toBe(path);
  else await expect(findBinary(part)).rejects.toMatchObject({ code: 'service.missing' });
});

test('what is built is found again by every clone, and is built once by two at the same time', async () => {
  fakeGo(MAKE_IPFS);
  const steps: string[] = [];
  const onProgress = (step: string) => steps.push(step);
  const built = await Promise.all([findOrBuild('kubo', onProgress), findOrBuild('kubo', onProgress)]);
  expect(built).toEqual([cachedBinary('kubo'), cachedBinary('kubo')]);
  expect(readFileSync(join(process.env.DHC_CACHE!, 'calls'), 'utf8').trim().split('\n')).toHaveLength(1);
  expect(steps).toHaveLength(2); // begun and done
  expect(await findBinary('kubo')).toBe(cachedBinary('kubo'));
});

test.each([
  ['echo "dial tcp: lookup proxy.golang.org: no such host" >&2; exit 1', /module proxy does not answer/],
  ['echo "go: go.mod requires go >= 1.26 (running go 1.22.1)" >&2; exit 1', /too old/],
  ['exit 2', /could not be built/],
])('a failed build leaves nothing behind and says why: %s', async (script, why) => {
  fakeGo(script);
  await expect(findOrBuild('temporal')).rejects.toMatchObject({
    code: 'service.missing',
    message: expect.stringMatching(why),
  });
  const left = readdirSync(process.env.DHC_CACHE!).filter((name) => !['calls', 'build.lock'].includes(name));
  expect(left).toEqual([]);
});

test('anvil is the program itself, not the script around it', async () => {
  const magic = readFileSync(await findBinary('anvil'))
    .subarray(0, 2)
    .toString('latin1');
  expect(magic).not.toBe('#!');
});

test('the version that is built is the one that go.mod pins', () => {
  const pinned = readFileSync(new URL('kubo/tools/go.mod', import.meta.url), 'utf8');
  expect(pinned).toContain(`github.com/ipfs/kubo v${serviceVersions.kubo}\n`);
});
