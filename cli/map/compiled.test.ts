import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MapError } from '../../normalizer/mapping/index.ts';
import { readMap } from './compiled.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'maps-'));
  mkdirSync(join(root, 'maps/codes'), { recursive: true });
  writeFileSync(join(root, 'secret.csv'), 'source,target\nA,B\n');
  writeFileSync(join(root, 'maps/codes/sex.csv'), 'source,target\nM,male\n');
});
afterEach(() => rmSync(root, { recursive: true }));

function mapWith(file: string): string {
  const path = join(root, 'maps/a.yaml');
  writeFileSync(path, `map: a\nversion: 1.0.0\nextends: standard/table/lis\ncodes: { sex: { file: ${file} } }\n`);
  return path;
}

test('a map reads what lies below it, and extends what is shipped', () => {
  expect(readMap(mapWith('codes/sex.csv')).files).toHaveLength(3);
});

test.each(['../secret.csv', 'codes/../../secret.csv', 'link.csv'])('but not %s', (file) => {
  symlinkSync(join(root, 'secret.csv'), join(root, 'maps/link.csv'));
  expect(() => readMap(mapWith(file))).toThrow(MapError);
});
