import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkBundle } from '../gate/index.ts';
import { CHINESE_TABLES } from './chinese-tables.ts';
import { type CodeRow, decided, EQUIVALENCES, readCodeCsv, writeCodeCsv, writeShortCsv } from './code-map.ts';
import { fromConceptMap, toConceptMap } from './concept-map.ts';
import { readCsv } from './csv.ts';
import { systemUri } from './systems.ts';

const HEAD = { url: 'urn:dhc:test:map', name: 'Test' };
const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((s) => s.trim() === s && s !== '');
const row: fc.Arbitrary<CodeRow> = fc
  .record({
    sourceSystem: fc.constantFrom('urn:a', 'urn:b'),
    sourceCode: text,
    sourceDisplay: text,
    targetSystem: fc.constantFrom('urn:x', 'urn:y'),
    targetCode: text,
    targetDisplay: text,
    equivalence: fc.constantFrom(...EQUIVALENCES),
  })
  .map((made) => made);

test('a code map survives CSV, with quotes, commas and line ends in its texts', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1 }), (rows) => {
      expect(readCodeCsv(writeCodeCsv(rows))).toEqual(rows);
    }),
  );
});

test('a code map survives a ConceptMap, whatever its groups', () => {
  fc.assert(
    fc.property(fc.uniqueArray(row, { selector: ({ sourceCode }) => sourceCode }), (rows) => {
      const { rows: back, left } = fromConceptMap(toConceptMap(rows, HEAD));
      const byCode = (a: CodeRow, b: CodeRow) => (a.sourceCode < b.sourceCode ? -1 : 1);
      expect([...back].sort(byCode)).toEqual([...rows].sort(byCode));
      expect(left).toEqual([]);
    }),
  );
});

test('a work list keeps its counts, and lines that nobody filled stay undecided', () => {
  const list = readCodeCsv(
    'source_system,source_code,source_display,target_system,target_code,target_display,equivalence,count\n' +
      'urn:lis,WBC,"白细胞, 计数",LOINC,6690-2,,,120\nurn:lis,XYZ,,,,,,3\n',
  );
  expect(list).toMatchObject([
    {
      sourceCode: 'WBC',
      sourceDisplay: '白细胞, 计数',
      targetSystem: 'http://loinc.org',
      equivalence: 'equivalent',
      count: 120,
    },
    { sourceCode: 'XYZ', equivalence: 'unmatched', count: 3 },
  ]);
  expect(decided(list)).toHaveLength(1);
  expect(writeShortCsv(list)).toBe('source,target,display,system\nWBC,6690-2,,http://loinc.org\n');
});

describe('a table that cannot be read says its line', () => {
  test.each([
    ['source_code,equivalence\nA,same\n', /line 2/],
    ['source_code\nA\nB,C\n', /line 3/],
    ['source_code,target_code\n"A"B,C\n', /line 2/],
    ['source_code,target_code\n"A,C\n', /line 2/],
    ['source,target\n,C\n', /line 2/],
    ['a,b\n', /header/],
    ['', /header/],
  ])('%j', (csv, message) => {
    expect(() => readCodeCsv(csv)).toThrow(
      expect.objectContaining({ code: 'item.format', message: expect.stringMatching(message) }),
    );
  });

  test('lines are counted through quoted line ends', () => {
    expect(readCsv('a\n"x\ny"\nz\n').rows.map(({ line }) => line)).toEqual([2, 4]);
  });
});

test('what a code map cannot hold of a ConceptMap is listed', () => {
  const { rows, left } = fromConceptMap({
    resourceType: 'ConceptMap',
    group: [
      {
        source: 'urn:a',
        target: 'urn:b',
        unmapped: { mode: 'fixed', code: 'x' },
        element: [
          { code: 'A', target: [{ code: 'B', equivalence: 'equal', dependsOn: [{ property: 'urn:p', value: 'v' }] }] },
          { target: [] },
          { code: 'C' },
        ],
      },
    ],
  });
  expect(rows.map(({ sourceCode, equivalence }) => [sourceCode, equivalence])).toEqual([
    ['A', 'equal'],
    ['C', 'unmatched'],
  ]);
  expect(left).toHaveLength(3);
});

test.each([
  [{ resourceType: 'ValueSet' }, /ConceptMap/],
  [
    { resourceType: 'ConceptMap', group: [{ element: [{ code: 'A', target: [{ relationship: 'equivalent' }] }] }] },
    /equivalence/,
  ],
])('%j is refused', (resource, message) => {
  expect(() => fromConceptMap(resource)).toThrow(message);
});

describe('the Chinese tables', () => {
  test.each(CHINESE_TABLES)('$id is a valid ConceptMap with unique codes', ({ id, rows }) => {
    const map = toConceptMap(rows, { url: `urn:dhc:code-map:${id}`, name: id });
    const fullUrl = 'urn:uuid:5c1d9a0e-0000-4000-8000-000000000001';
    const bundle: fhir4.Bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [{ fullUrl, resource: { ...map, id: '5c1d9a0e-0000-4000-8000-000000000001' } }],
    };
    expect(checkBundle(bundle, JSON.stringify(bundle)).filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(new Set(rows.map(({ sourceCode }) => sourceCode)).size).toBe(rows.length);
    expect(rows.every(({ sourceSystem }) => sourceSystem.startsWith('urn:oid:2.16.156.10011.2.3.'))).toBe(true);
  });

  test('the ethnic groups are 56 and two', () => {
    const rows = CHINESE_TABLES.find(({ id }) => id === 'gbt-3304')!.rows;
    expect(rows).toHaveLength(58);
    expect(rows[0]).toMatchObject({ sourceCode: '01', sourceDisplay: '汉族' });
    expect(rows[55]).toMatchObject({ sourceCode: '56', sourceDisplay: '基诺族' });
  });
});

test.each([
  ['LOINC', 'http://loinc.org'],
  ['2.16.156.10011.2.3.3.4', 'urn:oid:2.16.156.10011.2.3.3.4'],
  ['GB/T 2261.1', 'urn:oid:2.16.156.10011.2.3.3.4'],
  ['GB/T3304', 'urn:oid:2.16.156.10011.2.3.3.3'],
  ['urn:dhc:x', 'urn:dhc:x'],
  ['院内码', '院内码'],
])('%s is the system %s', (name, uri) => {
  expect(systemUri(name)).toBe(uri);
});
