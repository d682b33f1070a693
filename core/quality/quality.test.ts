import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { completeness } from './completeness.ts';
import { likeness, SIGNATURE_BYTES, signatureOf } from './likeness.ts';
import { meanScore, score } from './score.ts';
import type { Json } from './tree.ts';

const key = createSecretKey(Buffer.alloc(32, 5));
const person = { resourceType: 'Patient', identifier: [{ value: '1' }], name: [{}], gender: 'male', birthDate: '1978' };
const result = {
  resourceType: 'Observation',
  id: 'a',
  code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
  effectiveDateTime: '2026-01-01',
  performer: [{ reference: 'urn:uuid:1' }],
  valueQuantity: { value: 140, unit: 'g/L' },
};
const bundle = (...resources: object[]) =>
  ({ resourceType: 'Bundle', entry: resources.map((resource) => ({ resource })) }) as unknown as Json;

describe('completeness', () => {
  test('a record with all that is asked for is whole', () => {
    expect(completeness(bundle(person, result), 1)).toBe(1);
  });

  test.each([
    ['half of the source', bundle(person, result), 0.5, 0.8],
    [
      'a local code only',
      bundle(person, { ...result, code: { coding: [{ system: 'urn:oid:1.2', code: 'HGB' }] } }),
      1,
      0.8,
    ],
    ['half of the person', bundle({ resourceType: 'Patient', identifier: [], name: [] }, result), 1, 0.925],
    ['no person', bundle(result), 0.5, (40 * 0.5 + 20 + 15 + 10) / 85],
    ['nothing but a person', bundle(person), 0.5, (40 * 0.5 + 15) / 55],
  ])('%s', (_what, record, mapped, expected) => {
    expect(completeness(record, mapped)).toBeCloseTo(expected, 10);
  });

  test('who and when count', () => {
    const { effectiveDateTime: _when, performer: _who, ...bare } = result;
    expect(completeness(bundle(person, bare), 1)).toBeCloseTo(0.75, 10);
  });

  test('provenance and the kept source change nothing', () => {
    const technical = [
      { resourceType: 'Provenance', recorded: '2026' },
      { resourceType: 'Binary', data: 'AA==' },
    ];
    expect(completeness(bundle(person, result, ...technical), 0.7)).toBe(completeness(bundle(person, result), 0.7));
  });
});

describe('likeness', () => {
  test('the same content under other ids is the same, and whatever is about the person does not matter', () => {
    const one = signatureOf(bundle(person, result), key);
    const other = signatureOf(bundle({ ...person, gender: 'female' }, { ...result, id: 'b' }), key);
    expect(one).toHaveLength(SIGNATURE_BYTES);
    expect(likeness(one, other)).toBe(1);
  });

  test('estimates the share of common features', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 1000 }), (common, seed) => {
        const made = (from: number) =>
          bundle({
            resourceType: 'Observation',
            note: Array.from({ length: 100 }, (_, n) => ({ text: `${seed}-${from + n}` })),
          });
        const truth = common / (200 - common);
        const estimate = likeness(signatureOf(made(0), key), signatureOf(made(100 - common), key));
        expect(Math.abs(estimate - truth)).toBeLessThan(0.25);
      }),
    );
  });

  test('under another key it tells nothing', () => {
    const record = bundle({
      resourceType: 'Observation',
      note: Array.from({ length: 200 }, (_, n) => ({ text: `${n}` })),
    });
    const other = signatureOf(record, createSecretKey(randomBytes(32)));
    expect(likeness(signatureOf(record, key), other)).toBeLessThan(0.1);
  });
});

describe('score', () => {
  test('what was there before is worth nothing, something new what it is complete', () => {
    const first = signatureOf(bundle(person, result), key);
    expect(score(0.9, first, [])).toBe(9000);
    expect(score(0.9, first, [signatureOf(bundle({ resourceType: 'Condition', x: 1 }), key), first])).toBe(0);
  });

  test('a batch has the mean of its records', () => {
    expect(meanScore([10_000, 0, 5001])).toBe(5000);
  });
});
