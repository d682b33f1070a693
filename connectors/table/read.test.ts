import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../core/json.ts';
import { type Piece, START } from '../shared/folder-split.ts';
import { memoryFile } from '../testing/memory-file.ts';
import { tableConfig } from './config.ts';
import { rowSplitter } from './read.ts';

async function rows(content: string | Uint8Array, config: Record<string, unknown> = {}, from = START, most = 10_000) {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const split = rowSplitter(tableConfig.parse({ kind: 'table', folder: { path: '/x' }, ...config }));
  const pieces = await Array.fromAsync(split(memoryFile(bytes), from, most));
  if (bytes.length < 1000) expect(await Array.fromAsync(split(memoryFile(bytes, 10), from, most))).toEqual(pieces);
  return pieces;
}

function show(pieces: readonly Piece[]): string[] {
  return pieces.map((piece) =>
    'bytes' in piece ? `${piece.suffix}=${Buffer.from(piece.bytes)}` : `${piece.suffix}!${piece.refused}`,
  );
}

describe('rowSplitter', () => {
  it('gives each row as canonical JSON of its columns', async () => {
    expect(show(await rows('b,a\r\n1,"x, ""y""\r\nz"\r\n,\r\n'))).toEqual([
      '#1={"a":"x, \\"y\\"\\r\\nz","b":"1"}',
      '#2={"a":"","b":""}',
    ]);
  });

  it('takes other delimiters, line ends, named columns and hostile names', async () => {
    expect(show(await rows('1\t"2"\r3\t5" tape\r', { delimiter: '\t', columns: ['__proto__', 'x'] }))).toEqual([
      '#1={"__proto__":"1","x":"2"}',
      '#2={"__proto__":"3","x":"5\\" tape"}',
    ]);
  });

  it('makes the source key from the key columns, one to one', async () => {
    const pieces = await rows('a,b,v\nx|y,z,1\nx,y|z,2\n,,3\n', { key: ['a', 'b'] });
    expect(show(pieces).map((row) => row.split(/[=!]/)[0])).toEqual(['#x\\|y|z', '#x|y\\|z', '#3']);
    expect(pieces[2]).toMatchObject({ refused: 'item.format' });
  });

  it.each<[string, string, Uint8Array]>([
    [
      'gb18030',
      'gb18030',
      Buffer.concat([
        Buffer.from('id,'),
        Buffer.from('d0d5c3fb', 'hex'),
        Buffer.from('\n1,'),
        Buffer.from('95328236', 'hex'),
        Buffer.from('\n'),
      ]),
    ],
    ['utf-16le', 'utf-16le', Buffer.from('id,姓名\n1,𠀀\n', 'utf16le')],
    ['utf-16be by its mark', 'utf-8', Buffer.from('\ufeffid,姓名\n1,𠀀\n', 'utf16le').swap16()],
    ['utf-8 mark where another set is declared', 'gb18030', Buffer.from('\ufeffid,姓名\n1,𠀀\n')],
  ])('decodes %s', async (_name, encoding, bytes) => {
    expect(show(await rows(bytes, { encoding }))).toEqual(['#1={"id":"1","姓名":"𠀀"}']);
  });

  it('refuses a row that is not in the declared encoding, and goes on', async () => {
    const bytes = Buffer.concat([Buffer.from('id\n1\n'), Buffer.of(0xff, 0x31), Buffer.from('\n3\n')]);
    expect(show(await rows(bytes))).toEqual(['#1={"id":"1"}', '#2!item.charset', '#3={"id":"3"}']);
  });

  it.each<[string, string, string[]]>([
    [
      'too few and too many fields',
      'a,b\n1\n1,2,3\n4,5\n',
      ['#1!item.format', '#2!item.format', '#3={"a":"4","b":"5"}'],
    ],
    ['text behind a quote', 'a\n"x"y\n2\n', ['#1!item.format', '#2={"a":"2"}']],
    ['a quote that closes lines later', 'a\n"x\n2\n"y"\n', ['#1!item.format', '#2={"a":"2"}', '#3={"a":"y"}']],
    ['a quote that never closes', 'a\n1\n"x\n2\n3', ['#1={"a":"1"}', '#2!item.format', '#3={"a":"2"}', '#4={"a":"3"}']],
    ['a quote that never closes on the last line', 'a\n"x', ['#1!item.format']],
    ['a field that is too long', `a\n"x${'\ny'.repeat(6000)}"\n`, ['#1!item.format']],
    ['a line that is too long', `a\n${'x'.repeat(20_000)}\n2\n`, ['#1!source.too-large', '#2={"a":"2"}']],
  ])('refuses %s, and goes on', async (_name, content, expected) => {
    expect(show(await rows(content)).slice(0, expected.length)).toEqual(expected);
  });

  it.each([
    ['a column twice', 'a,a\n1,2\n'],
    ['a column without a name', 'a,\n1,2\n'],
    ['no key column', 'b\n1\n'],
    ['nothing', '\n\n'],
  ])('refuses a file whose header has %s', async (_name, content) => {
    expect(show(await rows(content, { key: ['a'] }))).toEqual(['!item.format']);
  });

  it('reads what csv-parse reads, and resumes behind any row', async () => {
    const field = fc.stringMatching(/^[a-z", \r\n张]{0,6}$/);
    const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 2 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom('\n', '\r\n'), async (lines, end) => {
        const content = [['a', 'b'], ...lines].map((line) => line.map(quoted).join(',')).join(end);
        const expected = parse(content, { columns: true }) as object[];
        const pieces = await rows(content);
        expect(show(pieces)).toEqual(expected.map((row, index) => `#${index + 1}=${canonicalJson({ ...row })}`));
        for (const [index, piece] of pieces.entries()) {
          expect(await rows(content, {}, piece.resume)).toEqual(pieces.slice(index + 1));
        }
      }),
      { numRuns: 500 },
    );
  });
});
