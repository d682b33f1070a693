/** `npm run demo` keeps what the README says of it. */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoEnd, type DemoFeed, demoFolder, demoPorts, EXPECTED, runDemo, startDemo } from './testing/demo.ts';
import { killAll, leftOver, listens } from './testing/processes.ts';

const WARM_MS = 60_000;
const folders: string[] = [];

function folder(): string {
  const path = demoFolder();
  folders.push(path);
  return path;
}

afterAll(() => {
  for (const path of folders) {
    killAll(path);
    rmSync(dirname(path), { recursive: true, force: true });
  }
});

function feedsOf(end: DemoEnd): DemoFeed[] {
  const { v, ok, feeds } = JSON.parse(end.stdout) as { v: number; ok: boolean; feeds: DemoFeed[] };
  expect({ v, ok }).toEqual({ v: 1, ok: true });
  return feeds;
}

function expectRight(feeds: readonly DemoFeed[]): void {
  expect(feeds.map(({ feed }) => feed).sort()).toEqual(Object.keys(EXPECTED).sort());
  for (const feed of feeds) {
    const { deadLettered } = EXPECTED[feed.feed]!;
    const normalized = feed.read - deadLettered;
    const whole = { pending: 0, deadLettered, normalized, stored: normalized, final: normalized, verified: normalized };
    expect(feed, feed.feed).toMatchObject({ ...whole, right: true });
  }
}

async function expectNothingLeft(path: string): Promise<void> {
  expect(await leftOver(path)).toEqual([]);
  const ports = demoPorts(path);
  expect(ports.length).toBeGreaterThanOrEqual(8);
  expect(await Promise.all(ports.map(listens))).toEqual(ports.map(() => false));
}

describe('a demo that is let alone', () => {
  const path = folder();
  let first: DemoEnd;
  beforeAll(async () => {
    first = await runDemo(path, { args: ['--json'] });
  });

  it('exits 0 with one JSON document in which every feed is right', () => {
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expectRight(feedsOf(first));
  });

  it('leaves no process and no listening port', () => expectNothingLeft(path));

  it('begins anew when it is run again, in less than a minute, and prints a table that reads well anywhere', async () => {
    const second = await runDemo(path, { env: { NO_COLOR: '1' } });
    expect(second.code, second.stderr).toBe(0);
    expect(second.ms).toBeLessThan(WARM_MS);
    expect(second.stderr).not.toContain('goes on where it stood');
    expect(second.stderr + second.stdout).not.toMatch(/[\u001b\r]|NaN|undefined|\[object|^\s+at /m);
    const rows = second.stdout.trim().split('\n');
    expect(rows[0]).toMatch(/^feed +read +normalised +dead letters +stored +final +verified$/);
    expect(rows).toHaveLength(1 + Object.keys(EXPECTED).length);
    for (const row of rows.slice(1)) expect(row).toMatch(/ {2}ok$/);
    expect(new Set(rows.map((row) => row.length)).size).toBeLessThanOrEqual(2);
    expect(second.stderr).toMatch(/every record was verified from chain, IPFS and key alone, in [\d.]+ s/);
    // What is printed once a step on a terminal's line is not printed over and over elsewhere.
    expect(second.stderr.split('\n').length).toBeLessThan(60);
  });
});

describe.each([
  ['while it reads', /sent over MLLP/],
  ['while it verifies', /verifying from chain/],
])('Ctrl-C %s', (_when, moment) => {
  const path = folder();
  let stopped = false;

  it('exits 130 within seconds, leaves nothing running, and the next run goes on and ends right', async () => {
    let asked = 0;
    const end = await startDemo(path, {
      seen: (text, child) => {
        if (stopped || !moment.test(text)) return;
        stopped = true;
        asked = Date.now();
        child.kill('SIGINT');
      },
    }).ended;
    expect(end, end.stderr).toMatchObject({ code: 130, signal: null });
    expect(Date.now() - asked).toBeLessThan(20_000);
    expect(end.stderr).not.toMatch(/^error:|^\s+at /m);
    expect(await leftOver(path)).toEqual([]);
    const next = await runDemo(path, { args: ['--json'] });
    expect(next.code, next.stderr + next.stdout).toBe(0);
    expectRight(feedsOf(next));
    await expectNothingLeft(path);
  }, 120_000);
});

it('a second Ctrl-C ends it at once, and its parts with it', async () => {
  const path = folder();
  let asked = false;
  const end = await startDemo(path, {
    seen: (text, child) => {
      if (asked || !/answers at/.test(text)) return;
      asked = true;
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGINT'), 100);
    },
  }).ended;
  expect(end.code).toBe(130);
  expect(await leftOver(path)).toEqual([]);
}, 60_000);
