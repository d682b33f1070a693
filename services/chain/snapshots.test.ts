import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { testFolder } from '../testing/fixtures.ts';
import { openSnapshots } from './snapshots.ts';

const dumpOf = (text: string) => `0x${gzipSync(text).toString('hex')}`;

test('the newest is served and the one before it is kept', async () => {
  const folder = testFolder();
  const snapshots = openSnapshots(folder);
  expect(snapshots.exist()).toBe(false);
  for (const text of ['{"n":1}', '{"n":2}', '{"n":3}']) await snapshots.save(dumpOf(text));
  expect(readFileSync(snapshots.newest()!, 'utf8')).toBe('{"n":3}');
  expect(readdirSync(folder)).toHaveLength(2);
});

test('only a damaged snapshot is set aside, whatever else kept the chain from starting', async () => {
  const snapshots = openSnapshots(testFolder());
  for (const text of ['{"n":1}', '{"n":2}']) await snapshots.save(dumpOf(text));
  expect(snapshots.setAsideDamaged()).toBe(false);
  writeFileSync(snapshots.newest()!, '{"n":');
  expect(snapshots.setAsideDamaged()).toBe(true);
  expect(readFileSync(snapshots.newest()!, 'utf8')).toBe('{"n":1}');
});

test('a damaged dump leaves the last snapshot untouched', async () => {
  const folder = testFolder();
  const snapshots = openSnapshots(folder);
  await snapshots.save(dumpOf('{"n":1}'));
  const damaged = dumpOf('{"n":2}'.repeat(1000));
  await expect(snapshots.save(damaged.slice(0, -20))).rejects.toThrow();
  expect(readFileSync(snapshots.newest()!, 'utf8')).toBe('{"n":1}');
});

test('half a file of a killed writer is never taken for a snapshot', async () => {
  const folder = testFolder();
  const snapshots = openSnapshots(folder);
  await snapshots.save(dumpOf('{"n":1}'));
  writeFileSync(join(folder, 'state.tmp'), '{"n":');
  expect(readFileSync(openSnapshots(folder).newest()!, 'utf8')).toBe('{"n":1}');
  await snapshots.save(dumpOf('{"n":2}'));
  expect(existsSync(join(folder, 'state.tmp'))).toBe(false);
});
