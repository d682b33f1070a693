/** One pass that checks and writes, against the two that tell what is wrong and make canonical JSON. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, parseLossless } from '../../../core/json.ts';
import { checkBundle, judge } from '../index.ts';
import { resourceTypes } from '../table.ts';
import { generate, random } from '../testing/generate.ts';
import { mutate } from '../testing/mutate.ts';
import { writeValid } from './index.ts';

function bundleOf(resource: unknown): fhir4.Bundle {
  return { resourceType: 'Bundle', type: 'collection', entry: [{ fullUrl: 'http://x.org/1', resource }] } as never;
}

const TYPES = new Map([['http://x.org/1', { type: 'Patient' }]]);
const patient = (content: object) => bundleOf({ resourceType: 'Patient', id: 'x1', ...content });
const written = (bundle: fhir4.Bundle) => writeValid(bundle, TYPES)?.toString();
const bytesOf = (bundle: fhir4.Bundle) => new TextEncoder().encode(canonicalJson(bundle)).toString();

/** Both ways agree; where nothing is wrong, the one pass has said so by itself. */
function agree(bundle: fhir4.Bundle): boolean {
  const issues = checkBundle(bundle, canonicalJson(bundle));
  const judged = judge(bundle);
  expect(judged.issues).toEqual(issues);
  expect(judged.bytes.toString()).toBe(bytesOf(bundle));
  expect(writeValid(bundle, TYPES) === undefined || issues.length === 0).toBe(true);
  return issues.length === 0;
}

describe('a bundle that is checked and written in one pass', () => {
  test('has the bytes and faults of the two passes, for resources of all types, sound and damaged', () => {
    let sound = 0;
    for (const [seed, type] of resourceTypes().entries())
      for (let turn = 0; turn < 6; turn++) {
        const next = random(1000 * seed + turn);
        const resource = generate(type, next, 0.6);
        if (agree(parseLossless(canonicalJson(bundleOf(resource))) as fhir4.Bundle)) sound += 1;
        agree(bundleOf(mutate(JSON.parse(canonicalJson(resource)), next)));
      }
    expect(sound).toBeGreaterThan(250);
  });

  test('has any text as canonical JSON has it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), (text) => {
        agree(patient({ name: [{ text }], maritalStatus: { coding: [{ system: text, code: text, display: text }] } }));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['one character', '李'],
    ['Han and digits', '晨光路2号'],
    ['a letter of two bytes', 'Ünal'],
    ['a pair of surrogates', '𠮷野家'],
    ['what JSON escapes', 'a"b\\c\td'],
    ['a separator of lines', 'a\u2028b'],
    ['the last character of three bytes', '\uffff'],
    ['a long text', 'x'.repeat(3000)],
    ['a long text of Han', '李'.repeat(3000)],
  ])('%s is written by the one pass', (_name, text) => {
    const bundle = patient({ name: [{ text }] });
    expect(written(bundle)).toBe(bytesOf(bundle));
  });

  test.each([
    ['nothing', ''],
    ['white space', ' '],
    ['white space beyond ASCII', '\u3000'],
    ['a control character', '\u0007'],
    ['more than 1 MiB', 'x'.repeat(1024 * 1024 + 1)],
  ])('%s is not', (_name, text) => {
    expect(written(patient({ name: [{ text }] }))).toBeUndefined();
  });

  test('half a surrogate pair has no bytes', () => {
    expect(() => judge(patient({ name: [{ text: '\ud842' }] }))).toThrow(TypeError);
    expect(() => judge(patient({ name: [{ text: `${'x'.repeat(40)}\ud842` }] }))).toThrow(TypeError);
  });

  test('keeps the digits of numbers', () => {
    const bundle = parseLossless(
      '{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"http://x.org/1","resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.50}}}]}',
    ) as fhir4.Bundle;
    expect(Buffer.from(writeValid(bundle, TYPES)!).toString()).toContain('"value":1.50}');
  });

  test('is larger than the room that is kept', () => {
    const bundle = patient({
      name: Array.from({ length: 40_000 }, (_, index) => ({ text: `${index} 李 ${'x'.repeat(50)}` })),
    });
    expect(written(bundle)).toBe(bytesOf(bundle));
  });

  test('may have more orders of properties than are remembered', () => {
    const names = ['id', 'use', 'text', 'family', 'given', 'prefix', 'suffix', 'period'];
    const values = {
      id: 'a',
      use: 'usual',
      text: 't',
      family: 'f',
      given: ['g'],
      prefix: ['p'],
      suffix: ['s'],
      period: { start: '2026' },
    };
    for (let seed = 0; seed < 3000; seed++) {
      const next = random(seed);
      const order = names.map((name) => ({ name, by: next() })).sort((a, b) => a.by - b.by);
      const name = Object.fromEntries(order.map(({ name: key }) => [key, values[key as 'id']]));
      const bundle = patient({ name: [name] });
      if (written(bundle) !== bytesOf(bundle)) throw new Error(JSON.stringify(name));
    }
  });
});
