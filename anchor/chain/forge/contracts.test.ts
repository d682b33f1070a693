/** The contracts against forge's fuzzing, invariants and gas, and against slither. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const config = fileURLToPath(new URL('foundry.toml', import.meta.url));
const bin = join(root, 'node_modules/.bin');

function run(command: string, args: readonly string[], cwd: string, env: Record<string, string> = {}) {
  return spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
}

interface Suite {
  readonly test_results: Record<string, { readonly status: string; readonly kind: Record<string, unknown> }>;
}

test('forge: unit, fuzz and invariant tests, gas as pinned', { timeout: 300_000 }, () => {
  const env = { FOUNDRY_CONFIG: config, FORGE_SNAPSHOT_CHECK: 'true' };
  const forge = run('forge', ['test', '--root', root, '--json'], root, env);
  const suites = Object.entries(JSON.parse(forge.stdout || '{}') as Record<string, Suite>);
  const results = suites.flatMap(([file, suite]) =>
    Object.entries(suite.test_results).map(([name, { status, kind }]) => ({ file, name, status, kind })),
  );
  expect(results.filter(({ status }) => status !== 'Success')).toEqual([]);
  expect(forge.status, forge.stderr).toBe(0);
  // That none is lost without a word.
  const count = (kind: string) => results.filter((result) => kind in result.kind).length;
  expect(count('Unit')).toBeGreaterThanOrEqual(25);
  expect(count('Fuzz')).toBeGreaterThanOrEqual(15);
  expect(count('Invariant')).toBe(7);
});

const hasSlither = run('slither', ['--version'], root).status === 0;

/** Each is explained in docs/decisions/0038. */
const EXPLAINED = [
  'timestamp Consent._requireTime',
  'timestamp HospitalRegistry._vote',
  'unused-return HospitalRegistry._vote',
];

test.skipIf(!hasSlither)('slither finds nothing but what is explained', { timeout: 300_000 }, () => {
  // slither wants foundry.toml at the root of a project of its own.
  const project = mkdtempSync(join(tmpdir(), 'dhc-slither-'));
  try {
    const chain = join(project, 'anchor/chain');
    for (const part of ['contracts', 'forge'])
      cpSync(join(root, 'anchor/chain', part), join(chain, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(project, 'node_modules'));
    const own = readFileSync(config, 'utf8').replaceAll('node_modules/.cache/forge/', '');
    writeFileSync(join(project, 'foundry.toml'), own);
    const slither = run('slither', ['.', '--filter-paths', 'node_modules', '--json', '-'], project);
    const report = JSON.parse(slither.stdout) as {
      success: boolean;
      results: { detectors?: { check: string; description: string }[] };
    };
    expect(report.success).toBe(true);
    const found = report.results.detectors?.map(({ check, description }) => `${check} ${description.split('(')[0]}`);
    expect(found?.sort()).toEqual(EXPLAINED);
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
});
