import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { standardTable } from '../../maps/make-table.ts';
import table from './generated/standard.json' with { type: 'json' };
import { compileMap, standardMap, standardNames } from './index.ts';
import { formats } from './sources/index.ts';
import { BROKEN, load, problemsOf } from './testing/compile.ts';

const broken = readdirSync(BROKEN).filter((file) => file.endsWith('.yaml'));

describe('every fault of a map is told with its place and a hint', () => {
  test('the corpus is large enough', () => expect(broken.length).toBeGreaterThanOrEqual(60));

  test.each(broken)('%s', (file) => {
    const text = readFileSync(join(BROKEN, file), 'utf8');
    const expected = /^# expect (?:([^:\s]+):)?(\d+):(\d+) (.+)$/m.exec(text)!;
    const [, where = file, line, column, message] = expected;
    const problems = problemsOf(text, file);
    expect(problems.map((one) => `${one.file}:${one.line}:${one.column} ${one.message}`)).toContain(
      `${where}:${line}:${column} ${message}`,
    );
    for (const { hint } of problems) expect(hint.length).toBeGreaterThan(2);
  });

  test('all at once, in the order of their places', () => {
    const problems = problemsOf(
      'map: x\nversion: 1.0.0\nsource: table\nowner: none\nresources:\n  - Patient: p\n    key: [$A]\n    gendr: x\n    birthDate: soon\n    nam: $B\n',
    );
    expect(problems.map(({ line, column }) => [line, column])).toEqual([
      [8, 5],
      [9, 16],
      [10, 5],
    ]);
  });
});

describe('shipped maps', () => {
  test('the table in the normaliser is that of maps/: `node maps/make-table.ts`', () => {
    const same = `${JSON.stringify(table, null, 1)}\n` === standardTable();
    expect(same).toBe(true);
  });
  test.each(standardNames())('%s compiles', (name) => expect(standardMap(name, formats).name).toBe(name));
});

test('the hash covers the base and the files that it names', () => {
  const overlay = (title: string) => `map: o\nversion: 1.0.0\ntitle: ${title}\nextends: base/table.yaml\n`;
  const base = readFileSync(join(BROKEN, 'base/table.yaml'), 'utf8');
  const files = (text: string) => () => ({ file: 'base/table.yaml', text });
  const one = compileMap(overlay('a'), 'o.yaml', { load: files(base) });
  expect(compileMap(overlay('a'), 'o.yaml', { load: files(base) }).sha256).toBe(one.sha256);
  expect(compileMap(overlay('a'), 'o.yaml', { load: files(`${base}# changed\n`) }).sha256).not.toBe(one.sha256);
  expect(compileMap(overlay('b'), 'o.yaml', { load: files(base) }).sha256).not.toBe(one.sha256);
});

test('the outline says what goes where', () => {
  const { outline } = compileMap(readFileSync(join(BROKEN, 'base/table.yaml'), 'utf8'), 'b.yaml', { load });
  expect(outline).toContainEqual({
    resource: 'patient',
    element: 'Patient.name',
    addresses: ['$NAME'],
    converter: 'name',
    file: 'b.yaml',
    line: 8,
  });
});
