import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../core/json.ts';
import { type Piece, START } from '../shared/folder-split.ts';
import { memoryFile } from '../testing/memory-file.ts';
import { tableConfig } from './config.ts';
import { recordSplitter } from './split.ts';

type Format = 'json' | 'ndjson' | 'xml';

async function records(format: Format, content: string | Uint8Array, more: Record<string, unknown> = {}, from = START) {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const folder = { path: '/x', format, ...(format === 'xml' ? { record: 'ROWS/ROW' } : {}) };
  const config = tableConfig.parse({ kind: 'table', folder, ...more });
  const split = recordSplitter(config, config.folder!);
  const pieces = await Array.fromAsync(split(memoryFile(bytes), from, 10_000));
  if (bytes.length < 1000) expect(await Array.fromAsync(split(memoryFile(bytes, 7), from, 10_000))).toEqual(pieces);
  return pieces;
}

function show(pieces: readonly Piece[]): string[] {
  return pieces.map((piece) =>
    'bytes' in piece ? `${piece.suffix}=${Buffer.from(piece.bytes)}` : `${piece.suffix}!${piece.refused}`,
  );
}

describe('JSON records', () => {
  it('keeps the text of numbers, nested values and hostile names', async () => {
    const content = ' [ {"b": 1.50, "a": [null, {"x": "]}"}]},\n{"__proto__":"\\u5f20"} ]\n';
    expect(show(await records('json', content))).toEqual([
      '#1={"a":[null,{"x":"]}"}],"b":1.50}',
      '#2={"__proto__":"张"}',
    ]);
  });

  it('makes the source key from the key columns', async () => {
    const content = '[{"a":1.0,"b":"x|y"},{"a":null}]';
    expect(show(await records('json', content, { key: ['a', 'b'] }))).toEqual([
      '#1.0|x\\|y={"a":1.0,"b":"x|y"}',
      '#2!item.format',
    ]);
  });

  it('takes a file that is one object, and an empty array', async () => {
    expect(show(await records('json', '{"a":[1,2]}'))).toEqual(['#1={"a":[1,2]}']);
    expect(await records('json', ' [ ] ')).toEqual([]);
  });

  it.each<[string, Format, string, string[]]>([
    ['a malformed element', 'json', '[{"a":1},{"a":},{"a":3}]', ['#1={"a":1}', '#2!item.format', '#3={"a":3}']],
    [
      'elements that are no objects',
      'json',
      '[1,"x",[],null]',
      ['#1', '#2', '#3', '#4'].map((n) => `${n}!item.format`),
    ],
    ['a string that ends with its line', 'json', '[{"a":"x},\n{"a":2}]', ['#1!item.truncated']],
    ['an array that is cut', 'json', '[{"a":1},{"a"', ['#1={"a":1}', '#2!item.truncated']],
    ['an array that is cut between elements', 'json', '[{"a":1},', ['#1={"a":1}', '#2!item.truncated']],
    ['content behind the array', 'json', '[{"a":1}] x', ['#1={"a":1}', '#2!item.format']],
    ['what is no array', 'json', 'MSH|^~', ['#1!item.format']],
    ['extreme nesting', 'json', `[${'['.repeat(4000)}${']'.repeat(4000)},{"a":1}]`, ['#1!item.format', '#2={"a":1}']],
    [
      'an element that is too large',
      'json',
      `[{"a":"${'x'.repeat(20_000)}"},{"a":1}]`,
      ['#1!source.too-large', '#2={"a":1}'],
    ],
    ['malformed lines', 'ndjson', '{"a":1}\r\n\r\n{"a"\n{"a":3}', ['#1={"a":1}', '#2!item.format', '#3={"a":3}']],
    ['a line that is too long', 'ndjson', `${'x'.repeat(20_000)}\n{"a":1}\n`, ['#1!source.too-large', '#2={"a":1}']],
  ])('accounts for %s', async (_name, format, content, expected) => {
    expect(show(await records(format, content))).toEqual(expected);
  });

  it('reads GB18030, whose second bytes look like brackets and backslashes', async () => {
    // 乗 81 5C, 亇 81 7B, 亐 81 81, 𠮷 95 34 B2 35 (made with Python's codec).
    const text = Buffer.from('815c817b95 34b235'.replace(' ', ''), 'hex');
    const content = Buffer.concat([Buffer.from('[{"a":"'), text, Buffer.from('"},{"a":"b"}]')]);
    const decoded = new TextDecoder('gb18030').decode(text);
    const expected = [`#1={"a":"${decoded}"}`, '#2={"a":"b"}'];
    expect(decoded).toContain('𠮷');
    expect(show(await records('json', content, { encoding: 'gb18030' }))).toEqual(expected);
    expect(show(await records('json', content))).toEqual(['#1!item.charset', '#2={"a":"b"}']);
  });

  it('reads UTF-16 by its mark', async () => {
    expect(show(await records('json', Buffer.from('\ufeff[{"姓":"张"}]', 'utf16le')))).toEqual(['#1={"姓":"张"}']);
  });

  it.each<Format>(['json', 'ndjson'])(
    'reads what JSON.parse reads as %s, and resumes behind any record',
    async (format) => {
      const record = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue(), { maxKeys: 3 });
      const space = format === 'json' ? fc.constantFrom(undefined, 2) : fc.constant(undefined);
      await fc.assert(
        fc.asyncProperty(fc.array(record, { maxLength: 5 }), space, async (list, indent) => {
          const content =
            format === 'json' ? JSON.stringify(list, null, indent) : list.map((one) => JSON.stringify(one)).join('\n');
          const pieces = await records(format, content);
          const parsed = list.map((one) => JSON.parse(JSON.stringify(one)) as unknown);
          expect(show(pieces)).toEqual(parsed.map((one, index) => `#${index + 1}=${canonicalJson(one)}`));
          for (const [index, piece] of pieces.entries()) {
            expect(await records(format, content, {}, piece.resume)).toEqual(pieces.slice(index + 1));
          }
        }),
        { numRuns: 200 },
      );
    },
  );
});

describe('XML records', () => {
  it('gives leaves, attributes, repetitions and nil', async () => {
    const content = `<?xml version="1.0"?><ROWS xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
      <ROW num="1"><ID>1</ID><N> x </N><V xsi:nil="true"/><R>a</R><R>b</R><Q u="mg">5</Q></ROW><X/><ROW><ID>2</ID></ROW></ROWS>`;
    expect(show(await records('xml', content, { key: ['ID'] }))).toEqual([
      '#1={"@num":"1","ID":"1","N":" x ","Q":{"#text":"5","@u":"mg"},"R":["a","b"],"V":null}',
      '#2={"ID":"2"}',
    ]);
  });

  it('refuses a record without its key, and reads the rest', async () => {
    const content = '<ROWS><ROW><A>1</A></ROW><ROW><ID>2</ID></ROW></ROWS>';
    expect(show(await records('xml', content, { key: ['ID'] }))).toEqual(['#1!item.format', '#2={"ID":"2"}']);
  });

  it.each([
    ['cut', '<ROWS><ROW>', '!item.truncated'],
    ['with a DOCTYPE', '<!DOCTYPE a [<!ENTITY x "y">]><ROWS><ROW>&x;</ROW></ROWS>', '!item.unsafe-xml'],
    ['of another form', '<DATA/>', '!item.format'],
    ['too large', `<ROWS>${'<ROW/>'.repeat(2000)}</ROWS>`, '!source.too-large'],
  ])('refuses a file that is %s', async (_name, content, expected) => {
    expect(show(await records('xml', content))).toEqual([expected]);
  });

  it('resumes behind any record', async () => {
    const content = '<ROWS><ROW><A>1</A></ROW><ROW><A>2</A></ROW><ROW><A>3</A></ROW></ROWS>';
    const pieces = await records('xml', content);
    for (const [index, piece] of pieces.entries()) {
      expect(await records('xml', content, {}, piece.resume)).toEqual(pieces.slice(index + 1));
    }
  });
});
