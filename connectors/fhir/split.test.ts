import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitFhirFile } from './split.ts';

const split = (text: string | Uint8Array) =>
  [...splitFhirFile(Buffer.from(text as string))].map(({ sourceKey, bytes, refused }) =>
    refused ? refused.code : [sourceKey, Buffer.from(bytes).toString()],
  );

/** JSON text with numbers that JavaScript would rewrite, odd spacing and strings full of brackets. */
const space = fc.constantFrom('', ' ', '\n', '\t', '\r\n  ');
const json: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('1.50', '105.00', '-0.0', '1e3', '12345678901234567890.10', 'true', 'null'),
    fc.string().map((text) => JSON.stringify(`${text}]}"\\`)),
    fc
      .tuple(space, fc.array(tie('value'), { maxLength: 3 }), space)
      .map(([a, values, b]) => `[${a}${values.join(`${b},${a}`)}${b}]`),
    fc
      .tuple(space, fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 3 }), space)
      .map(
        ([a, members, b]) =>
          `{${a}${members.map(([key, value]) => `${JSON.stringify(key)}${b}:${a}${value}`).join(`${a},`)}${b}}`,
      ),
  ),
})).value;

describe('splitFhirFile', () => {
  it('takes every resource out of a Bundle with exactly its text', () => {
    fc.assert(
      fc.property(fc.array(json, { minLength: 1, maxLength: 5 }), space, (values, gap) => {
        const resources = values.map((value, n) => `{"resourceType":"Basic",${gap}"id":"b${n}","x":${value}}`);
        const entries = resources.map((text) => `{"fullUrl":"urn:x",${gap}"resource"${gap}:${gap}${text}${gap}}`);
        const bundle = `${gap}{"entry":[${gap}${entries.join(`,${gap}`)}${gap}],"resourceType":"Bundle","type":"searchset"}${gap}`;
        expect(split(bundle)).toEqual(resources.map((text, n) => [`Basic/b${n}`, text]));
      }),
      { numRuns: 300 },
    );
  });

  it('reads a resource, NDJSON and a Bundle, with or without byte order mark', () => {
    const [a, b] = [
      '{"resourceType":"Patient","id":"1","meta":{"versionId":"7"}}',
      '{"resourceType":"Patient","id":"2"}',
    ];
    expect(split(`\ufeff ${a}\n`)).toEqual([['Patient/1/_history/7', a]]);
    expect(split(`${a}\r\n\n${b}`)).toEqual([
      ['Patient/1/_history/7', a],
      ['Patient/2', b],
    ]);
    expect(split(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":${b}}]}`)).toEqual([
      ['Patient/2', b],
    ]);
  });

  it('refuses one bad entry or line and goes on', () => {
    const good = '{"resourceType":"Patient","id":"1"}';
    const entries = [
      `{"resource":${good}}`,
      '{"fullUrl":"x"}',
      '{"resource":{"id":"1"}}',
      '{"resource":{"resourceType":"Patient","id":"a/../b"}}',
      '3',
    ];
    expect(split(`{"resourceType":"Bundle","entry":[${entries}]}`)).toEqual([
      ['Patient/1', good],
      ...Array(4).fill('item.format'),
    ]);
    expect(split(`${good}\n{"resourceType":"Pat\n`)).toEqual([['Patient/1', good], 'item.format']);
    expect(split(Buffer.from([...Buffer.from('{"resourceType":"Patient","id":"1","x":"'), 0xff, 0x22, 0x7d]))).toEqual([
      'item.format',
    ]);
    expect(split('')).toEqual(['source.empty']);
    expect(split('[1]')).toEqual(['item.format']);
  });

  it('leaves out the outcome of a search', () => {
    const outcome = '{"resourceType":"OperationOutcome","id":"o"}';
    const entry = `{"search":{"mode":"outcome"},"resource":${outcome}}`;
    expect(split(`{"resourceType":"Bundle","entry":[${entry}]}`)).toEqual([]);
  });

  it('never throws, and survives extreme nesting', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void split(bytes)));
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ \nab1') }), (text) => void split(text)));
    expect(split('['.repeat(1_000_000))).toEqual(['item.format']);
    expect(split(`{"resourceType":"Bundle","entry":${'['.repeat(200_000)}${']'.repeat(200_000)}}`)).toHaveLength(1);
  });
});
