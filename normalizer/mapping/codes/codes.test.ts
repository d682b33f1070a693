import { describe, expect, test } from 'vitest';
import { CodeMap } from './code-map.ts';
import { parseConceptMap } from './concept-map.ts';
import { parseCodeCsv } from './csv.ts';

describe('a code map as CSV', () => {
  test('quotes, commas, empty targets and all line ends are read', () => {
    const { entries, faults } = parseCodeCsv('\uFEFFsource,target,display\r\nA,1,"x, ""y"""\nB,,\n"C\n2",3,z\r\n');
    expect(faults).toEqual([]);
    expect(entries).toEqual([
      { source: 'A', line: 2, target: { code: '1', display: 'x, "y"' } },
      { source: 'C\n2', line: 4, target: { code: '3', display: 'z' } },
    ]);
  });
  test.each([
    ['local,loinc\n', 1],
    ['source,target\nA,1,2\n', 2],
    ['source,target\n,1\n', 2],
  ])('%j is faulty in line %i', (text, line) => expect(parseCodeCsv(text).faults).toMatchObject([{ line }]));
});

test('a ConceptMap gives its targets but the unmatched', () => {
  const map = {
    resourceType: 'ConceptMap',
    group: [
      {
        source: 'urn:local',
        target: 'http://loinc.org',
        element: [
          { code: 'WBC', target: [{ code: '6690-2', display: 'Leukocytes', equivalence: 'equivalent' }] },
          { code: 'X', target: [{ code: '1', equivalence: 'unmatched' }] },
        ],
      },
    ],
  };
  expect(parseConceptMap(JSON.stringify(map))).toMatchObject({
    source: 'urn:local',
    entries: [{ source: 'WBC', target: { code: '6690-2', display: 'Leukocytes', system: 'http://loinc.org' } }],
  });
  expect(parseConceptMap('{}').faults).toHaveLength(1);
});

test('full-width codes are found, others by case only where folded', () => {
  const entries = [{ source: 'aB', target: { code: '1' } }];
  expect(new CodeMap('m', entries).has('ａＢ')).toBe(true);
  expect(new CodeMap('m', entries).has('AB')).toBe(false);
  expect(new CodeMap('m', entries, { fold: true }).has('AB')).toBe(true);
});
