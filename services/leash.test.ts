import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startLeashed } from './leash.ts';
import { openLogFile } from './log-file.ts';
import { endProcess, identify, isAlive } from './process.ts';
import { processesOf, testFolder, until } from './testing/fixtures.ts';

function leashed(folder: string, script: string, env?: Record<string, string>) {
  const log = openLogFile(join(folder, 'out.log'));
  return startLeashed({ file: '/bin/sh', args: ['-c', script, folder], cwd: folder, env }, log);
}

test('the service keeps its exit code, and what it prints is in the log', async () => {
  const folder = testFolder();
  const service = await leashed(folder, 'echo out; echo err >&2; exit 7');
  expect(await service.exited).toEqual({ code: 7 });
  await until('both lines are written', () => {
    const text = readFileSync(join(folder, 'out.log'), 'utf8');
    return text.includes('out\n') && text.includes('err\n');
  });
});

test('a program that does not exist ends with the code of the shell, not with a hang', async () => {
  const folder = testFolder();
  const log = openLogFile(join(folder, 'out.log'));
  const service = await startLeashed({ file: join(folder, 'nothing'), args: [], cwd: folder }, log);
  expect(await service.exited).toEqual({ code: 127 });
});

test('secrets in our environment are not handed on', async () => {
  process.env.DHC_TEST_SECRET = 'do not tell';
  const folder = testFolder();
  const service = await leashed(folder, 'env', { OWN: 'yes' });
  await service.exited;
  await until('the environment is printed', () => readFileSync(join(folder, 'out.log'), 'utf8').includes('OWN=yes'));
  expect(readFileSync(join(folder, 'out.log'), 'utf8')).not.toContain('do not tell');
  delete process.env.DHC_TEST_SECRET;
});

test('end() sends TERM first, so that a service can close its files', async () => {
  const folder = testFolder();
  const service = await leashed(folder, 'trap "echo closed; exit 0" TERM; echo up; while :; do sleep 0.05; done');
  await until('it is up', () => readFileSync(join(folder, 'out.log'), 'utf8').includes('up'));
  await service.end(5_000);
  await until('it closed its files', () => readFileSync(join(folder, 'out.log'), 'utf8').includes('closed'));
  await until('nothing of it is left', () => processesOf(folder).length === 0, 1_000);
});

test('a service that ignores TERM is killed after the grace', async () => {
  const folder = testFolder();
  const service = await leashed(folder, 'trap "" TERM; echo up; while :; do sleep 0.05; done');
  await until('it is up', () => readFileSync(join(folder, 'out.log'), 'utf8').includes('up'));
  await service.end(200);
  await until('nothing of it is left', () => processesOf(folder).length === 0, 1_000);
});

test.skipIf(process.platform !== 'linux')('kill -9 of the supervisor ends a service that ignores TERM', async () => {
  const folder = testFolder();
  const module = fileURLToPath(new URL('leash.ts', import.meta.url));
  const script = `
    import { startLeashed } from ${JSON.stringify(module)};
    await startLeashed({ file: '/bin/sh', args: ['-c', 'trap "" TERM; while :; do sleep 0.05; done', ${JSON.stringify(folder)}],
      cwd: '/' }, { write() {}, close() {} });
    console.log('ready');`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await new Promise((resolve) => parent.stdout.once('data', resolve));
  expect(processesOf(folder).length).toBeGreaterThan(1);
  parent.kill('SIGKILL');
  await until('nothing of it is left', () => processesOf(folder).length === 0, 3_000);
});

test.skipIf(process.platform !== 'linux')('kill -9 of the leash takes the service with it', async () => {
  const folder = testFolder();
  const service = await leashed(folder, 'while :; do sleep 0.05; done');
  const stat = readFileSync(`/proc/${service.identity!.pid}/stat`, 'utf8');
  const leash = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  process.kill(leash, 'SIGKILL');
  expect(await service.exited).toEqual({ code: null });
  await until('nothing of it is left', () => processesOf(folder).length === 0, 2_000);
});

test('an identity names one process, not whoever gets its id next', async () => {
  const folder = testFolder();
  const service = await leashed(folder, 'sleep 60');
  const identity = service.identity!;
  expect(isAlive(identity)).toBe(true);
  expect(isAlive({ ...identity, born: 'another time' })).toBe(false);
  await endProcess({ ...identity, born: 'another time' }, 100);
  expect(isAlive(identity)).toBe(true);
  await endProcess(identity, 1_000);
  expect(identify(identity.pid)).toBeUndefined();
});
