import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SourceItem, SourceKind } from '../../../core/types.ts';
import { createOutput } from '../../output.ts';
import { type Items, namedItems } from '../items.ts';
import { Distinct, hash32 } from './distinct.ts';
import { profile } from './profile.ts';
import { shapeOf } from './shapes.ts';

const samples = join(import.meta.dirname, '../../../samples');
const context = {
  out: createOutput(true),
  configFile: 'none.yaml',
  signal: new AbortController().signal,
  config: () => {
    throw new Error('no config');
  },
};
const of = (from: SourceKind, path: string) => profile(namedItems(context, { targets: [join(samples, path)], from }));
const column = async (from: SourceKind, path: string, place: string) =>
  (await of(from, path)).columns.find((found) => found.place === place);

async function* rows(all: Iterable<Record<string, string>>): Items {
  for (const row of all) yield item(row);
}
const item = (row: object): SourceItem => ({
  type: 'item',
  sourceKey: 'k',
  kind: 'table',
  receivedAt: '',
  bytes: new TextEncoder().encode(JSON.stringify(row)),
});
const times = (count: number, row: (index: number) => Record<string, string>) =>
  rows(Array.from({ length: count }, (_, index) => row(index)));

describe('places are named as a map names them', () => {
  test.each([
    ['table', 'table/lab.csv', 'birth_date', 'date'],
    ['hl7v2', 'hl7v2/files/oru-blood-count.hl7', 'PID-8', 'code'],
    ['cda', 'cda/c0001-summary-zhangwei.xml', '/v3:ClinicalDocument/v3:effectiveTime/@value', 'time'],
    ['dicom', 'dicom/studies', 'StudyDate', 'date'],
    ['fhir', 'fhir/Observation.json', 'Observation.effectiveDateTime', 'time'],
  ] as const)('%s', async (from, path, place, type) => {
    expect(await column(from, path, place)).toMatchObject({ place, type });
  });
});

test('a column without a value is there, with fill 0', async () => {
  const { columns } = await profile(times(3, () => ({ BRID: '1', BZ: ' ' })));
  expect(columns).toContainEqual(expect.objectContaining({ place: 'BZ', count: 0, fill: 0 }));
});

describe('a value is shown only where ten patients share it', () => {
  test('not the name of one patient with a hundred rows', async () => {
    const { columns } = await profile(times(100, (i) => ({ BRID: `P${i % 9}`, XM: '张伟', JG: String(i) })));
    expect(columns.flatMap(({ top }) => top)).toEqual([]);
  });

  test('but what ten patients have', async () => {
    const { columns } = await profile(times(100, (i) => ({ BRID: `P${i % 10}`, XMDM: 'WBC' })));
    expect(columns[1]!.top).toEqual([{ value: 'WBC', count: 100 }]);
    expect(columns[0]!.top).toEqual([]);
  });

  test('nothing where no column tells patients apart, and the limit is not lowered', async () => {
    expect((await profile(times(100, () => ({ A: 'x' })))).columns[0]!.top).toEqual([]);
    const { columns } = await profile(
      times(9, (i) => ({ A: 'x', who: String(i) })),
      { minCount: 2, patient: 'who' },
    );
    expect(columns[0]!.top).toEqual([]);
  });
});

test('more values than are kept: distinct is estimated, the frequent ones are still found', async () => {
  const { columns } = await profile(
    times(30_000, (i) => ({ BRID: `P${i % 500}`, X: i % 3 === 0 ? 'often' : `v${i}` })),
  );
  const found = columns[1]!;
  expect(found.distinct).toBeGreaterThan(19_000);
  expect(found.distinct).toBeLessThan(21_000);
  expect(found.top[0]!.value).toBe('often');
});

test('what cannot be read is counted, not lost', async () => {
  const broken: SourceItem = { ...item({}), bytes: new TextEncoder().encode('{') };
  async function* both(): Items {
    yield broken;
    yield item({ A: '1' });
  }
  expect(await profile(both())).toMatchObject({ items: 1, refused: { 'item.format': 1 } });
});

test.each([
  ['11010519491231002X', 'id card'],
  ['110105194912310021', 'id card, wrong check digit'],
  ['0000-00-00', 'placeholder date'],
  ['1900-01-01 00:00:00', 'placeholder date'],
  ['２０２６-０１-０５', 'date yyyy-MM-dd'],
  ['20260105093000', 'time yyyyMMddHHmm[ss]'],
  ['13800138000', 'phone'],
  ['5.60', 'decimal'],
  ['＜０．１', 'number with comparator'],
  ['3.9-6.1', 'range'],
  ['718-7', 'code'],
  ['阴性(-)', 'graded result'],
  ['1+', 'graded result'],
  ['10^9/L', 'unit'],
  ['陈𠮷', 'word'],
  ['A12', 'code'],
])('%s is %s', (value, shape) => {
  expect(shapeOf(value)).toBe(shape);
});

test('no text is without a shape, and none takes long', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => typeof shapeOf(text) === 'string'));
});

test('the count of distinct values is within 6 % from ten to a hundred thousand', () => {
  for (const size of [10, 1000, 100_000]) {
    const distinct = new Distinct();
    for (let index = 0; index < size * 2; index++) distinct.add(hash32(`value ${index % size}`));
    expect(Math.abs(distinct.count / size - 1)).toBeLessThan(0.06);
  }
});
