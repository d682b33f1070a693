import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { decodeMessage } from './charset.ts';

/** A message that declares a set in MSH-18 and holds these bytes in its one other field. */
function bytesOf(declared: string, rest: readonly number[] | Buffer, encoding = '^~\\&'): Buffer {
  const head = `MSH|${encoding}|HIS|CG|DHC|CG|20260105||ADT^A01|1|P|2.5.1||||||${declared}\rZZZ|`;
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(rest)]);
}

function field(bytes: Buffer, configured?: string): string {
  return decodeMessage(bytes, configured).text.split('ZZZ|')[1]!;
}

const refusal = expect.objectContaining({ code: 'item.charset' });
const utf16 = (text: string) => Buffer.from(text, 'utf16le');

describe('MSH-18', () => {
  test.each([
    ['GB 18030-2000', [0xd5, 0xc5, 0xce, 0xb0], '张伟'],
    ['GB18030', [0x95, 0x34, 0xb2, 0x35], '𠮷'],
    ['GBK', [0x80], '€'],
    ['8859/1', [0xe9, 0xb5], 'éµ'],
    ['ISO-8859-2', [0xb1], 'ą'],
    ['8859/5', [0xd0], 'а'],
    ['8859/15', [0xa4], '€'],
    ['WINDOWS-1252', [0x93, 0xe9], '“é'],
    ['KS X 1001', [0xb1, 0xe8], '김'],
    ['BIG-5', [0xb1, 0x69], '張'],
    ['UNICODE UTF-8', [0xe5, 0xbc, 0xa0], '张'],
    ['ASCII', [0x41], 'A'],
    ['', [0xe5, 0xbc, 0xa0], '张'],
    ['8859/1~GB 18030-2000', [0xe9], 'é'],
  ])('%s', (name, rest, expected) => {
    expect(field(bytesOf(name, rest))).toBe(expected);
  });

  test('the second byte of a GB 18030 character may be a delimiter, in MSH itself, too', () => {
    // 0x81 0x7C is one character; its second byte is that of the field separator.
    const head = Buffer.concat([
      Buffer.from('MSH|^~\\&|', 'latin1'),
      Buffer.from([0x81, 0x7c, 0x81, 0x5e]),
      Buffer.from('|CG|||20260105||ADT^A01|1|P|2.5.1||||||GB18030\rZZZ|', 'latin1'),
      Buffer.from([0x81, 0x7c]),
    ]);
    expect(decodeMessage(head, undefined).text.split('|')[3]).toBe('CG');
    expect(field(head)).toHaveLength(1);
  });

  test.each(['LE', 'BE'])('UTF-16%s, with and without a mark', (order) => {
    const little = utf16(`\uFEFF${bytesOf('UNICODE UTF-16', []).toString('latin1')}张`);
    const whole = order === 'LE' ? little : little.swap16();
    expect(field(whole)).toBe('张');
    expect(field(whole.subarray(2))).toBe('张');
  });

  test('the configured set outranks the declared one', () => {
    expect(field(bytesOf('ASCII', [0xd5, 0xc5]), 'gb18030')).toBe('张');
  });

  test.each(['ASCII', 'UNICODE', 'UNICODE UTF-16'])('%s that cannot be, with bytes of UTF-8, is told', (name) => {
    const made = decodeMessage(bytesOf(name, Buffer.from('张')), undefined);
    expect([made.text.slice(-1), made.misdeclared]).toEqual(['张', true]);
    expect(decodeMessage(bytesOf('ASCII', [0x41]), undefined).misdeclared).toBe(false);
  });

  test.each([
    ['bytes beyond ASCII that are no UTF-8', 'ASCII', [0xe9]],
    ['bytes that are no UTF-8', 'UNICODE UTF-8', [0xd5, 0xc5]],
    ['bytes that are no UTF-8, undeclared', '', [0xd5, 0xc5]],
    ['half a GB 18030 character', 'GB18030', [0xd5]],
    ['a byte of GBK in GB 18030', 'GB18030', [0xb0, 0xa1, 0x80]],
    ['Windows bytes in ISO 8859-1', '8859/1', [0x93]],
    ['a byte that windows-1252 does not have', 'WINDOWS-1252', [0x81]],
    ['a byte that ISO 8859-7 does not have', '8859/7', [0xff]],
    ['a byte that no Korean character begins with', 'KS X 1001', [0x81, 0x41]],
    ['user-defined characters of Big5', 'BIG-5', [0xc6, 0xa1]],
    ['a set that is not supported', 'CNS 11643-1992', [0x41]],
    ['an unknown designation', 'ISO IR87', [0x1b, 0x24, 0x5a, 0x30, 0x21]],
    ['half a character of JIS X 0208', '~ISO IR87', [0x1b, 0x24, 0x42, 0x30]],
    ['a place that JIS X 0208 leaves empty', '~ISO IR87', [0x1b, 0x24, 0x42, 0x2f, 0x21]],
    ['bytes beyond ASCII where only JIS X 0208 was declared', '~ISO IR87', [0xb1]],
  ])('refuses %s', (_name, declared, rest) => {
    expect(() => field(bytesOf(declared, rest))).toThrow(refusal);
  });

  test('refuses UTF-32', () => {
    const wide = Buffer.alloc(16);
    for (const [index, sign] of [...'MSH|'].entries()) wide.writeUInt32LE(sign.charCodeAt(0), index * 4);
    expect(() => decodeMessage(wide, undefined)).toThrow(refusal);
  });
});

describe('switching (ISO 2022)', () => {
  const esc = (text: string) => Buffer.from(text.replaceAll('⎋', '\x1b'), 'latin1');

  test.each([
    ['~ISO IR87', '⎋$B;3ED⎋(B^⎋$BB@O:⎋(B', '山田^太郎'],
    ['ISO IR87', '⎋$B;3⎋(Bx', '山x'],
    ['', '⎋$B;3⎋(Bx', '山x'],
    ['~ISO IR87~ISO IR159', '⎋$(D0!⎋$B;3⎋(B', '丂山'],
    ['ISO IR14~ISO IR87', '\xd4\xcf\xc0\xde^⎋$B;3⎋(J^a', 'ﾔﾏﾀﾞ^山^a'],
    ['ISO IR14', '\\100 \\F\\', '¥100 \\F\\'],
    ['~ISO IR87', '⎋$B;3⎋(J~b\\T\\', '山~b\\T\\'],
    ['JIS X 0202', '⎋(ITV⎋(B', 'ﾔﾖ'],
    ['~ISO IR149', '⎋$)C\xb1\xe8', '김'],
    ['8859/1', '\xe9⎋-L\xd0', 'éа'],
  ])('%s: %j', (declared, text, expected) => {
    expect(field(bytesOf(declared, esc(text)))).toBe(expected);
  });

  test('the bytes of delimiters within characters are none', () => {
    const text = field(bytesOf('~ISO IR87', esc('⎋$B!|%\\"^⎋(B|x')));
    expect(text).toMatch(/^[^\x00-\x7f]{3}\|x$/);
  });

  test('by HL7 escapes that spell the designation, with any escape character', () => {
    expect(field(bytesOf('~ISO IR87', esc('a\\M2442\\;3\\C2842\\b\\T\\')))).toBe('a山b\\T\\');
    expect(field(bytesOf('~ISO IR159', esc('a!M242844!0!!C2842!b'), '^~!&'))).toBe('a丂b');
    expect(field(bytesOf('8859/1', Buffer.from('\\C2D4C\\\xd0', 'latin1')))).toBe('а');
    expect(field(bytesOf('', esc('\\C9999\\ \\Main\\')))).toBe('\\C9999\\ \\Main\\');
  });

  test('each line begins in the own set', () => {
    expect(field(bytesOf('~ISO IR87', esc('⎋$B;3\r;3|')))).toBe('山\r;3|');
  });

  test('bytes of \\X..\\ are read in the same sets', () => {
    const { hex } = decodeMessage(bytesOf('~ISO IR87', []), undefined);
    expect(hex(esc('⎋$B;3⎋(B'))).toBe('山');
    expect(hex(esc('\xff'))).toBeUndefined();
  });
});

function iconv(name: string, bytes: Buffer): string | undefined {
  try {
    return execFileSync('iconv', ['-f', name, '-t', 'UTF-8'], {
      input: bytes,
      stdio: ['pipe', 'pipe', 'ignore'],
    }).toString();
  } catch {
    return undefined;
  }
}

/** One character a line, so that what one tool does not have stands beside what the other has. */
describe.skipIf(iconv('ASCII', Buffer.from('a')) === undefined)('as iconv reads them', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 15])('8859/%i, every byte', (part) => {
    for (let byte = 0xa0; byte <= 0xff; byte += 1) {
      const theirs = iconv(`ISO-8859-${part}`, Buffer.of(byte));
      if (theirs === undefined) expect(() => field(bytesOf(`8859/${part}`, [byte]))).toThrow(refusal);
      else expect([byte, field(bytesOf(`8859/${part}`, [byte]))]).toEqual([byte, theirs]);
    }
  });

  test.each([
    ['JIS X 0208', '~ISO IR87', 'ISO-2022-JP', '$B', 6879],
    ['JIS X 0212', '~ISO IR159', 'ISO-2022-JP-2', '$(D', 6067],
  ])('%s, every character', (_name, declared, theirName, designation, count) => {
    const rows: Buffer[] = [];
    for (let row = 0x21; row < 0x7f; row += 1)
      for (let cell = 0x21; cell < 0x7f; cell += 1)
        rows.push(Buffer.from([0x1b, ...Buffer.from(designation), row, cell, 0x1b, 0x28, 0x42]));
    // `-c` leaves out what the tool does not have.
    const theirs = execFileSync('iconv', ['-c', '-f', theirName, '-t', 'UTF-8'], {
      input: Buffer.concat(rows.flatMap((row) => [row, Buffer.from('\n')])),
    })
      .toString()
      .split('\n');
    let same = 0;
    for (const [index, row] of rows.entries()) {
      if (theirs[index] === '') continue;
      // In U+007E stands a delimiter; JIS X 0212 has a full-width tilde of its own there.
      if (theirs[index] === '~') continue;
      expect([row.toString('hex'), field(bytesOf(declared, row))]).toEqual([row.toString('hex'), theirs[index]]);
      same += 1;
    }
    expect(same).toBeGreaterThanOrEqual(count - 1);
  });
});
