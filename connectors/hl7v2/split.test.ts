import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Piece, START } from '../shared/folder-split.ts';
import { memoryFile } from '../testing/memory-file.ts';
import { messageSplitter } from './split.ts';

const MOST = 10_000;

async function split(
  content: string | Uint8Array,
  { charset = undefined as string | undefined, most = MOST, from = START } = {},
) {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  const pieces = await Array.fromAsync(messageSplitter(charset)(memoryFile(bytes), from, most));
  if (bytes.length < 1000) {
    const inSmallWindows = messageSplitter(charset)(memoryFile(bytes, 20), from, most);
    expect(await Array.fromAsync(inSmallWindows)).toEqual(pieces);
  }
  return pieces;
}

function show(pieces: readonly Piece[]): string[] {
  return pieces.map((piece) =>
    'bytes' in piece
      ? `${piece.suffix}=${Buffer.from(piece.bytes).toString('latin1')}`
      : `${piece.suffix}!${piece.refused}:${piece.size}`,
  );
}

describe('messageSplitter', () => {
  it.each<[string, string, string[]]>([
    ['one message', 'MSH|^~\\&|A\rPID|1\r', ['=MSH|^~\\&|A\rPID|1\r']],
    ['no line end at the end', 'MSH|a', ['=MSH|a']],
    ['several', 'MSH|a\rPID|1\rMSH|b\r', ['#1=MSH|a\rPID|1\r', '#2=MSH|b\r']],
    ['LF', 'MSH|a\nPID|1\n\nMSH|b\n', ['#1=MSH|a\nPID|1\n', '#2=MSH|b\n']],
    ['CR LF, blank lines around', '\r\n\r\nMSH|a\r\nPID|1\r\n\r\n\r\n', ['=MSH|a\r\nPID|1\r\n']],
    ['mixed line ends', 'MSH|a\rPID|1\nOBX|\r\nMSH|b', ['#1=MSH|a\rPID|1\nOBX|\r\n', '#2=MSH|b']],
    ['UTF-8 byte order mark', '\xef\xbb\xbfMSH|a\r', ['=MSH|a\r']],
    ['batch', 'FHS|^~\\&\rBHS|^~\\&\rMSH|a\rMSH|b\rBTS|2\rFTS|1\r', ['#1=MSH|a\r', '#2=MSH|b\r']],
    ['a batch of one', 'BHS|^~\\&\rMSH|a\rBTS|1\r', ['=MSH|a\r']],
    ['MLLP frames', '\vMSH|a\r\x1c\r\vMSH|b\r\x1c\r', ['#1=MSH|a\r', '#2=MSH|b\r']],
    ['an MLLP frame without CR inside', '\vMSH|a\x1c\r', ['=MSH|a']],
    ['FS in content', 'MSH|a\x1cb\r', ['=MSH|a\x1cb\r']],
    ['other delimiters', 'MSH$%~\\&$a\rMSH#x', ['#1=MSH$%~\\&$a\r', '#2=MSH#x']],
    ['indented', '  MSH|a\n\tPID|1\n  MSH|b\n', ['#1=MSH|a\n\tPID|1\n  ', '#2=MSH|b\n']],
    ['NUL padding', 'MSH|a\r\0\0\0', ['=MSH|a\r']],
    ['bytes before the first message', 'hello\rMSH|a\r', ['@0!item.format:6', '=MSH|a\r']],
    ['bytes between batch and message', 'BHS|x\rwhat\rMSH|a\r', ['@6!item.format:5', '=MSH|a\r']],
    ['a mark before a message', '[SOM]MSH|^~\\&|a\n\nPID|1\n', ['@0!item.format:5', '=MSH|^~\\&|a\n\nPID|1\n']],
    ['a message quoted in another text', '{"MSH|^~\\&|a"}\r', ['!item.format:15']],
    ['a batch that counts more', 'BHS|^~\\&\rMSH|a\rBTS|2\rFTS|1', ['=MSH|a\r', '@15!source.count:6']],
    [
      'batches and a file that counts more',
      'FHS|\rBHS|\rMSH|a\rBTS|1\rBHS|\rMSH|b\rBTS|1\rFTS|3\r',
      [
        '#1=MSH|a\r',
        '#2=MSH|b\r',
        '@'.concat('FHS|\rBHS|\rMSH|a\rBTS|1\rBHS|\rMSH|b\rBTS|1\r'.length.toString(), '!source.count:6'),
      ],
    ],
    ['bytes behind a frame', '\vMSH|a\x1c\rrest', ['=MSH|a', '@6!item.format:6']],
    ['MSH within a line is content', 'MSH|a|MSH|b\rNTE|MSH|\r', ['=MSH|a|MSH|b\rNTE|MSH|\r']],
    ['a word that begins with MSH is content', 'MSH|a\rMSHX|b\r', ['=MSH|a\rMSHX|b\r']],
    ['no message', 'PID|1\r', ['!item.format:6']],
    ['only blank', '\r\n\0\0', ['!item.format:4']],
    ['only an envelope', 'BHS|a\rBTS|0\r', ['!item.format:12']],
  ])('%s', async (_name, content, pieces) => {
    expect(show(await split(content))).toEqual(pieces);
  });

  it.each(['utf-16le', 'utf-16be'] as const)(
    '%s: bytes as in the file, the set that the mark declares',
    async (charset) => {
      const text = Buffer.from('\ufeffMSH|张\rPID|伟\u0a0d\rMSH|b\r', 'utf16le');
      const pieces = await split(charset === 'utf-16le' ? text : text.swap16());
      const decoder = new TextDecoder(charset, { fatal: true });
      expect(pieces.map((piece) => 'bytes' in piece && decoder.decode(piece.bytes))).toEqual([
        'MSH|张\rPID|伟\u0a0d\r',
        'MSH|b\r',
      ]);
      expect(pieces.map((piece) => 'bytes' in piece && piece.charset)).toEqual([charset, charset]);
    },
  );

  it('UTF-16 without a mark', async () => {
    const pieces = await split(Buffer.from('MSH|张\rPID|1\rMSH|b\r', 'utf16le'));
    expect(pieces.map((piece) => 'bytes' in piece && [piece.charset, piece.bytes.length])).toEqual([
      ['utf-16le', 24],
      ['utf-16le', 12],
    ]);
  });

  describe('a message in several', () => {
    const head = (id: string, pointer = '') => `MSH|^~\\&|A|||||||${id}|P|2.5||${pointer}\r`;
    const [a, b] = [`${head('1')}OBX|1|TX|C||on\rDSC|7|F\r`, `${head('2', '7')}ADD|e\rDSC|8|F\r`];
    const c = `${head('3', '8')}NTE|1\r`;

    it.each<[string, string, string[]]>([
      ['is one item', a + b + c, [`#1=${a + b + c}`]],
      ['in a batch', `BHS|\r${a}${b}${c}BTS|3\r`, [`#1=${a + b + c}`]],
      ['in frames', `\v${a}\x1c\r\v${b}\x1c\r\v${c}\x1c\r`, [`#1=${a + b + c}`]],
      ['a part is missing', a + c, [`#1=${a}`, `#2=${c}`]],
      ['the last part is missing', a + b, [`#1=${a + b}`]],
      ['an answer that offers more', a.replace('|F', '|I') + b, [`#1=${a.replace('|F', '|I')}`, `#2=${b}`]],
      ['too large together', `${a}${b.replace('ADD', `ADD|${'x'.repeat(9_950)}`)}`, [`#1=${a}`, expect.any(String)]],
    ])('%s', async (_name, content, pieces) => {
      const found = await split(content);
      expect(show(found)).toEqual(pieces);
      const rest = await split(content, { from: found[0]!.resume });
      expect(show(rest).slice(0, found.length - 1)).toEqual(show(found.slice(1)));
    });
  });

  it('refuses a message that is too large and goes on', async () => {
    const pieces = await split(`MSH|${'x'.repeat(200_000)}\rMSH|b\r`, { most: 100 });
    expect(show(pieces)).toEqual(['#1!source.too-large:200005', '#2=MSH|b\r']);
    expect(pieces[0]).toHaveProperty('head.length', 65_536);
  });

  it('finds every message of a file, whatever separates them, and resumes behind any piece', async () => {
    const line = fc.stringMatching(/^[A-Z0-9|^~&\\ ]{0,20}$/).map((text) => `ZZZ|${text}`);
    const message = fc
      .tuple(line, fc.array(line, { maxLength: 4 }))
      .map(([head, rest]) => ['MSH|'.concat(head), ...rest]);
    const end = fc.constantFrom('\r', '\n', '\r\n');
    const between = fc.constantFrom('', '\r\n', '\x1c\r\v', '\0', 'BTS\rBHS|^\r');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(message, end, between), { minLength: 1, maxLength: 8 }), async (file) => {
        const messages = file.map(([lines, lineEnd]) => lines.map((text) => text + lineEnd).join(''));
        const content = file.map(([, , gap], index) => messages[index] + gap).join('');
        const pieces = await split(content);
        expect(show(pieces)).toEqual(
          messages.map((text, index) => `${messages.length === 1 ? '' : `#${index + 1}`}=${text}`),
        );
        for (const [index, piece] of pieces.entries()) {
          const later = await split(content, { from: piece.resume });
          expect(show(later).slice(0, pieces.length)).toEqual(show(pieces.slice(index + 1)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('loses no byte of any file that is not blank', async () => {
    const part = fc.constantFrom('MSH|a\r', 'MSH|', 'BHS|x\r', 'x', '\v', '\x1c', '\r', '\n', '\0', 'PID|1\r', ' ');
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 30 }), async (parts) => {
        const content = parts.join('');
        const pieces = await split(content);
        const kept = pieces.map((piece) => Buffer.from('bytes' in piece ? piece.bytes : piece.head).toString('latin1'));
        const sign = (text: string) => text.replace(/[\r\n\0\v\x1c ]/g, '');
        const withoutEnvelope = content.replace(/(?<=(?:^|[\r\n\v\x1c])[\0 ]*)BHS\|x\r/g, '');
        if (pieces.length === 1 && kept[0] === content) return;
        expect(sign(kept.join(''))).toBe(sign(withoutEnvelope));
      }),
      { numRuns: 1000 },
    );
  });
});
