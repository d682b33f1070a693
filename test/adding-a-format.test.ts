/** Follows docs/adding-a-format.md to the letter, on the real parts. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { blocksOf, missingLine } from './testing/page.ts';
import { killAll } from './testing/processes.ts';

const root = join(import.meta.dirname, '..');
const blocks = blocksOf(readFileSync(join(root, 'docs/adding-a-format.md'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'dhc-page-'));
const env = {
  ...process.env,
  PATH: `${join(folder, '.bin')}:${process.env.PATH}`,
  SAMPLES: join(root, 'samples'),
  DHC_PASSPHRASE: 'of a page that is tested',
};

beforeAll(() => {
  mkdirSync(join(folder, '.bin'));
  const call = `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'cli/main.ts')}" "$@"\n`;
  writeFileSync(join(folder, '.bin/dhc'), call, { mode: 0o755 });
});

afterAll(() => {
  killAll(folder);
  rmSync(folder, { recursive: true, force: true });
});

/** Standard output and errors in the order of their commands, as a terminal shows them. */
function run(commands: string): string {
  const made = spawnSync('bash', ['-euc', `exec 2>&1\n${commands}`], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 240_000,
  });
  expect(made.status, `${commands}\n${made.stdout}`).toBe(0);
  return made.stdout;
}

it('does what the page says, line by line', { timeout: 300_000 }, () => {
  expect(blocks.filter(({ kind }) => kind === 'text').length).toBeGreaterThanOrEqual(8);
  let output = '';
  for (const { kind, file, text, line } of blocks) {
    if (kind === 'sh') output = run(text);
    else if (kind === 'text')
      expect(missingLine(text, output), `line ${line} and below; shown was:\n${output}`).toBeUndefined();
    else if (kind === 'file') {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    } else {
      const patch = spawnSync('patch', ['--no-backup-if-mismatch', file], {
        cwd: folder,
        input: `--- ${file}\n+++ ${file}\n${text}`,
        encoding: 'utf8',
      });
      expect(patch.status, patch.stdout).toBe(0);
    }
  }
});

it('and what it says of the example is so', () => {
  const text = readFileSync(join(folder, 'night-lis.cases/glucose.json'), 'utf8');
  expect(text).toContain('"value": 7.20');
  expect(text).toContain('field.placeholder');
  expect(text).not.toContain('birthDate');
  expect(readFileSync(join(folder, 'night-lis.md'), 'utf8')).toContain(
    '| `Observation.value` | `$JG` `$DW` | `labValue` |',
  );
});
