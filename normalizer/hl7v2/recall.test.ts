import { describe, expect, test } from 'vitest';
import { factsOf } from './testing/facts.ts';
import { fairFacts, rate, recallOf, sum } from './testing/recall.ts';
import { conversions, type ReferenceSet } from './testing/reference-sets.ts';
import { judge } from './testing/report.ts';

/** Never lowered: each step of the maps raises them. */
const FLOORS: Readonly<Record<ReferenceSet, number>> = { microsoft: 0.83, 'hl7-ig': 0.81, linuxforhealth: 0.8 };

describe.each(Object.entries(FLOORS) as [ReferenceSet, number][])('facts of %s', (set, floor) => {
  test.skipIf(conversions(set).length === 0)(`at least ${floor} of them are kept`, { timeout: 120_000 }, () => {
    const judged = judge(set);
    expect(rate(sum(judged.map((one) => one.fair)))).toBeGreaterThanOrEqual(floor);
    for (const { name, refused } of judged) expect([name, refused]).not.toContain('item.internal');
  });
});

describe('the measure', () => {
  const bundle = (resource: object) => ({ entry: [{ resource }] }) as unknown as fhir4.Bundle;
  const patient = (more: object) => bundle({ resourceType: 'Patient', id: '1', ...more });

  test('a value at another place is missed', () => {
    const reference = factsOf(patient({ name: [{ family: 'Li', given: ['Na'] }] }));
    expect(rate(recallOf(reference, patient({ name: [{ family: 'Na', given: ['Na'] }] })))).toBe(0.5);
    expect(rate(recallOf(reference, null))).toBe(0);
  });

  test('times agree by instant, or by the clock, at the precision of the reference', () => {
    const agree = (theirs: string, ours: string) =>
      rate(recallOf(factsOf(patient({ deceasedDateTime: theirs })), patient({ deceasedDateTime: ours })));
    expect(agree('2020-01-01T10:00:00Z', '2020-01-01T18:00:00+08:00')).toBe(1);
    expect(agree('2020-01-01T10:00:00Z', '2020-01-01T10:00:00+08:00')).toBe(1);
    expect(agree('2020-01-01', '2020-01-01T10:00:00+08:00')).toBe(1);
    expect(agree('2020-01-01T10:00:00Z', '2020-01-01')).toBe(0);
    expect(agree('2020-01-01T10:00:00Z', '2020-01-01T11:00:00Z')).toBe(0);
  });

  test('what the reference has from nowhere is not asked for', () => {
    const message = Buffer.from('MSH|^~\\&|A|B|C|D|20200101||ADT^A01|1|P|2.5\rPID|1||7||Li^Na');
    const reference = patient({ name: [{ family: 'Li', text: 'Invented' }], gender: 'unknown' });
    expect(fairFacts(reference, message).map((fact) => fact.path)).toEqual(['name.family', 'gender']);
  });

  test('nor is a number that it made of others or of the time of the message', () => {
    const message = Buffer.from('MSH|^~\\&|A|B|C|D|20200101||VXU^V04|1|P|2.5\rPID|1||7\rRXA|0|1|||48^X^CVX');
    const reference = patient({ identifier: [{ value: '7' }, { value: '48-CVX' }, { value: '20200101' }] });
    expect(fairFacts(reference, message).map((fact) => fact.value)).toEqual(['7']);
  });

  test('an extension that no standard has is asked for by what it holds', () => {
    const race = (url: string, code: string) =>
      patient({ extension: [{ url, valueCodeableConcept: { coding: [{ code }] } }] });
    const reference = factsOf(race('http://ibm.com/local-race-cd', 'W'));
    expect(rate(recallOf(reference, race('urn:dhc:extension:race', 'W')))).toBe(1);
    expect(rate(recallOf(reference, race('urn:dhc:extension:race', 'B')))).toBe(0);
    expect(rate(recallOf(reference, race('http://hl7.org/fhir/StructureDefinition/race', 'W')))).toBe(0);
  });
});
