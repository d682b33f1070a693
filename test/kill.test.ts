/**
 * The demo is killed at ten random moments and started again until it is done: nothing is lost, nothing is there
 * twice, and what was sealed is what an undisturbed demo seals. `DHC_SEED` repeats the moments of an earlier run.
 */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoEnd, demoFolder, runDemo, startDemo } from './testing/demo.ts';
import { type EndState, endState } from './testing/end-state.ts';
import { killAll, leftOver } from './testing/processes.ts';

const MOMENTS = 10;
const STARTS = 4;
const AT_ONCE = 2;
const seed = Number(process.env.DHC_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** One moment in each tenth of the run; every third kill takes the services along. */
const moments = Array.from({ length: MOMENTS }, (_, index) => ({
  share: (index + random(seed + index)) / MOMENTS,
  tree: index % 3 === 2,
}));

type Moment = (typeof moments)[number];

interface Result {
  /** Command lines of what outlived it. */
  readonly left: readonly string[];
  readonly last: DemoEnd;
  readonly state: EndState | undefined;
}

const folders: string[] = [];
const results = new Map<Moment, Result>();
let length = 0;
let undisturbed: EndState;

beforeAll(async () => {
  process.stdout.write(`kill.test.ts: DHC_SEED=${seed}\n`);
  const path = folder();
  const end = await runDemo(path);
  expect(end.code, end.stderr).toBe(0);
  length = end.ms;
  undisturbed = await endState(path);
  const waiting = [...moments];
  const work = async () => {
    for (let moment = waiting.shift(); moment; moment = waiting.shift()) results.set(moment, await killAndGoOn(moment));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}, 900_000);

afterAll(() => {
  for (const path of folders) {
    killAll(path);
    rmSync(dirname(path), { recursive: true, force: true });
  }
});

it('has an undisturbed run that is worth being compared with', () => {
  expect(undisturbed).toMatchObject({ unverified: 0, spooled: [] });
  expect(undisturbed.records).toBeGreaterThan(100);
  expect(undisturbed.distinctTags).toBe(undisturbed.records);
  expect(undisturbed.distinctLeaves).toBe(undisturbed.records);
  expect(undisturbed.anchored).toEqual(undisturbed.roots);
});

it.each(moments)(`ends as if it had not been killed at $share of its time (tree: $tree, seed ${seed})`, (moment) => {
  const result = results.get(moment)!;
  expect(result.left, 'what ran with it').toEqual([]);
  expect(result.last.code, result.last.stderr + result.last.stdout).toBe(0);
  const { state } = result;
  expect(state!.anchored, 'one anchor for each root').toEqual(state!.roots);
  expect(state!.distinctTags).toBe(state!.records);
  expect(state!.distinctLeaves).toBe(state!.records);
  const { roots: _roots, anchored: _anchored, ...same } = undisturbed;
  expect(state).toMatchObject(same);
});

async function killAndGoOn({ share, tree }: Moment): Promise<Result> {
  const path = folder();
  const { child, ended } = startDemo(path);
  await Promise.race([delay(share * length), ended]);
  if (tree) killAll(path);
  else child.kill('SIGKILL');
  await ended;
  const left = await leftOver(path, 10_000);
  let last = await runDemo(path, { args: ['--json'] });
  for (let starts = 1; last.code !== 0 && starts < STARTS; starts++) last = await runDemo(path, { args: ['--json'] });
  return { left, last, state: last.code === 0 ? await endState(path) : undefined };
}

/** Between 0 and 1, the same for the same seed (mulberry32). */
function random(from: number): number {
  let state = (from + 0x6d2b79f5) | 0;
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32;
}

function folder(): string {
  const path = demoFolder();
  folders.push(path);
  return path;
}
