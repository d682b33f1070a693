import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Normalized } from '../../core/types.ts';
import { reject } from '../../normalizer/outcome.ts';
import { folderWriter } from './writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'dhc-writer-'));
afterAll(() => rmSync(folder, { recursive: true }));

const coverage = { seen: 2, mapped: 1, left: { 'PID-1': 1 }, unmappedCodes: {} };
const mapping = { name: 'm', version: '1', sha256: '00' };

function bundle(id: number): Normalized {
  const bytes = Buffer.from(`{"id":"${id}"}`);
  return { status: 'ok', bundle: {} as never, bytes, patient: null, issues: [], coverage, mapping, quality: 0.5 };
}

test.each([1, 2, 3, 5])('%d items: the files are those that one document would be', (count) => {
  const name = `f${count}/x`;
  const writer = folderWriter(folder, name);
  const refused = reject('item.format', 'no "good"\nline');
  for (let item = 0; item < count; item += 1) writer.add(`k#${item}`, item === 1 ? refused : bundle(item));
  writer.end();
  const kept = Array.from({ length: count }, (_, item) => item).filter((item) => item !== 1);
  const whole = kept.map((item) => `{"id":"${item}"}`);
  expect(readFileSync(join(folder, `${name}.json`), 'utf8')).toBe(
    count === 1 ? `${whole[0]}\n` : `[\n${whole.join(',\n')}\n]\n`,
  );
  const items = Array.from({ length: count }, (_, item) =>
    item === 1
      ? { source: 'k#1', status: 'rejected', code: 'item.format', issues: refused.issues, outcome: refused.outcome }
      : { source: `k#${item}`, status: 'ok', issues: [], coverage, mapping, quality: 0.5 },
  );
  const report = `${JSON.stringify({ v: 1, items }, null, 1)}\n`;
  expect(readFileSync(join(folder, `${name}.report.json`), 'utf8')).toBe(report);
  expect(readdirSync(join(folder, `f${count}`)).sort()).toEqual(['x.json', 'x.report.json']);
});

test('a single refused item leaves no bundle, also none of an earlier run', () => {
  for (const result of [bundle(1), reject('item.format', 'x')]) {
    const writer = folderWriter(folder, 'again');
    writer.add('again', result);
    writer.end();
  }
  expect(readdirSync(folder).filter((name) => name.startsWith('again'))).toEqual(['again.report.json']);
});

test('nothing is lost between the blocks that are written, whatever an item takes of them', () => {
  const texts = [700_000, 400_000, 1 << 20, 1_500_000, 3, (1 << 20) - 5].map((length, id) =>
    JSON.stringify({ id, text: '病'.repeat(length / 3) }),
  );
  const writer = folderWriter(folder, 'large');
  for (const [id, text] of texts.entries()) writer.add(`病${id}`, { ...bundle(id), bytes: Buffer.from(text) });
  writer.end();
  expect(readFileSync(join(folder, 'large.json'), 'utf8') === `[\n${texts.join(',\n')}\n]\n`).toBe(true);
  const { items } = JSON.parse(readFileSync(join(folder, 'large.report.json'), 'utf8')) as {
    items: { source: string }[];
  };
  expect(items.map(({ source }) => source)).toEqual(texts.map((_, id) => `病${id}`));
});
