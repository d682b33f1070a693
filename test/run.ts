/**
 * `npm test`: runs every test, then says what was skipped and why it matters. In CI a skipped test is a
 * failure: there everything that a test may need has been installed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numFailedTestSuites: number;
  testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[];
}

const folder = mkdtempSync(join(tmpdir(), 'dhc-test-'));
const file = join(folder, 'report.json');
const run = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
);

const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
rmSync(folder, { recursive: true, force: true });

const skipped = report.testResults.flatMap((suite) =>
  suite.assertionResults
    .filter((test) => test.status !== 'passed' && test.status !== 'failed')
    .map((test) => `  ${relative(process.cwd(), suite.name)}: ${test.fullName}`),
);
// A file that cannot even be loaded reports no failed test of its own.
const broken = report.testResults.filter(
  (suite) => suite.status === 'failed' && suite.assertionResults.every((test) => test.status !== 'failed'),
);
const failed = report.numFailedTests + broken.length;

if (skipped.length > 0)
  process.stdout.write(`\nskipped, because something that they need is not on this machine:\n${skipped.join('\n')}\n`);
process.stdout.write(`\n${report.numPassedTests} passed, ${failed} failed, ${skipped.length} skipped\n`);
// The corpus of public documents lies beside the clone or not at all: nothing that could be installed.
const installable = skipped.filter((test) => !/corpus|public samples/.test(test));
const skipsFail = process.env.CI === 'true' && installable.length > 0;
if (skipsFail) process.stderr.write('error: CI installs all that the tests need, so none may be skipped there\n');
process.exitCode = run.status !== 0 || failed > 0 || skipsFail ? 1 : 0;
