/** Temporal, Kubo and the chain die in the middle of a demo: they are started again and it ends right. */
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { demoFolder, runDemo } from './testing/demo.ts';
import { killAll, leftOver } from './testing/processes.ts';

const folder = demoFolder();

afterAll(() => {
  killAll(folder);
  rmSync(dirname(folder), { recursive: true, force: true });
});

it('ends right though every service is killed once', async () => {
  const killed = new Set<string>();
  const end = await runDemo(folder, {
    args: [],
    seen: (text) => {
      if (/sent over MLLP/.test(text)) kill('kubo');
      if (/: (reading|waiting|done)/.test(text)) kill('temporal');
      if (/waiting until|done, [1-9]/.test(text)) kill('chain');
    },
  });
  expect([...killed].sort()).toEqual(['chain', 'kubo', 'temporal']);
  expect(end.code, end.stderr + end.stdout).toBe(0);
  expect(await leftOver(folder)).toEqual([]);

  function kill(name: 'kubo' | 'temporal' | 'chain'): void {
    if (killed.has(name)) return;
    killed.add(name);
    const { processes } = JSON.parse(readFileSync(join(folder, 'data/run/services.json'), 'utf8')) as {
      processes: Record<string, { pid: number }>;
    };
    process.kill(processes[name]!.pid, 'SIGKILL');
  }
}, 240_000);
