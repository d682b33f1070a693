import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SourceTracker } from '../../sources.ts';
import { decodeEscapes } from './escapes.ts';
import { type Message, readMessage } from './message.ts';
import { structureIssues } from './structure.ts';

const HEAD = 'MSH|^~\\&|HIS|CG|DHC|CG|20260105||ADT^A01|1|P|2.5.1||||||UNICODE UTF-8';

function read(text: string | Uint8Array, charset?: string): Message {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return readMessage(bytes, charset);
}

function message(...lines: string[]): Message {
  return read([HEAD, ...lines].join('\r'));
}

describe('delimiters', () => {
  /** Any six different signs that are neither letters, digits nor white space. */
  const signs = fc
    .uniqueArray(fc.constantFrom(...'!#$%&*+,-./:;<=>?@[]^_`{|}~\\'), { minLength: 5, maxLength: 5 })
    .map((five) => five as [string, string, string, string, string]);
  const word = fc.string({ unit: fc.constantFrom(...'abcXYZ019 汉字é𠮷!#$%&*+,-./:;<=>?@[]^_`{|}~\\'), maxLength: 12 });

  test('any delimiters: escaped texts come back from every place', () => {
    fc.assert(
      fc.property(
        signs,
        fc.array(fc.array(word, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
        (five, repetitions) => {
          const [field, component, repetition, mark, subcomponent] = five;
          const escaped = (text: string) =>
            [...text]
              .map((sign) => {
                const letter = {
                  [field]: 'F',
                  [component]: 'S',
                  [subcomponent]: 'T',
                  [repetition]: 'R',
                  [mark]: 'E',
                }[sign];
                return letter ? `${mark}${letter}${mark}` : sign;
              })
              .join('');
          const value = repetitions.map((parts) => parts.map(escaped).join(component)).join(repetition);
          const head = `MSH${field}${component}${repetition}${mark}${subcomponent}${field}HIS`;
          const made = read(`${head}\rZZZ${field}x${field}${value}${field}y`);
          const read1 = made.first('ZZZ')!;
          expect(read1.field(3).text).toBe('y');
          const expected = repetitions
            .map((parts, index) => [index, parts] as const)
            .filter(([, parts]) => parts.some((part) => part !== '') || parts.length > 1);
          expect(read1.all(2).map((one) => one.parts().map((part) => part.text ?? ''))).toEqual(
            expected.map(([, parts]) => parts),
          );
        },
      ),
    );
  });

  test('five encoding characters, and three', () => {
    expect(read('MSH|^~\\&#|A\rZZZ|a\\P\\b').first('ZZZ')!.field(1).text).toBe('a#b');
    expect(read('MSH|^~\\|A\rZZZ|a&b').first('ZZZ')!.field(1).text).toBe('a&b');
  });

  test.each(['MSH|^^\\&|A', 'MSHA^~\\&|', 'MSH', 'MSH|', 'MSH|ab|', 'MSH|^~\\&#?|'])('refuses %s', (head) => {
    expect(() => read(head)).toThrow(expect.objectContaining({ code: 'item.format' }));
  });

  test('MSH-1 and MSH-2 count as fields and are not split', () => {
    const { header } = message();
    expect(header.field(1).raw).toBe('|');
    expect(header.all(2).map((one) => one.raw)).toEqual(['^~\\&']);
    expect(header.field(3).text).toBe('HIS');
    expect(header.field(9).part(2).text).toBe('A01');
  });
});

describe('escapes', () => {
  const delimiters = { field: '|', component: '^', repetition: '~', escape: '\\', subcomponent: '&', truncation: '' };
  const decode = (text: string) =>
    decodeEscapes(text, delimiters, (bytes) => {
      try {
        return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      } catch {
        return undefined;
      }
    });

  test.each([
    ['a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f', 'a|b^c&d~e\\f'],
    ['\\H\\bold\\N\\', 'bold'],
    ['one\\.br\\two', 'one\ntwo'],
    ['one\\.sp2\\two', 'one\n\ntwo'],
    ['\\X0D0A\\', '\r\n'],
    ['\\XE5BCA0\\', '张'],
    ['\\XFF\\', '\\XFF\\'],
    ['\\Zlocal\\', '\\Zlocal\\'],
    ['C:\\temp', 'C:\\temp'],
    ['50\\% and \\T\\', '50\\% and &'],
    ['\\E\\X09\\E\\', '\\X09\\'],
    ['\\', '\\'],
    ['\\\\', '\\\\'],
  ])('%j is %j', (text, expected) => {
    expect(decode(text)).toBe(expected);
  });

  test('never fails, and leaves text without escape characters alone', () => {
    fc.assert(fc.property(fc.string(), (text) => text.includes('\\') || decode(text) === text));
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'\\XHNFSTRE.brsp09AF ') }),
        (text) => typeof decode(text) === 'string',
      ),
    );
  });
});

describe('places', () => {
  const pid = message('PID|1||A^^^CG&1.2&ISO^MR~B^^^X||""|a&b|~~c').first('PID')!;

  test('components, sub-components and repetitions', () => {
    expect(pid.field(3).part(4).part(2).text).toBe('1.2');
    expect(pid.field(3).part(4).text).toBe('CG');
    expect(pid.all(3).map((one) => one.part(1).text)).toEqual(['A', 'B']);
    expect(pid.field(3).part(9).text).toBeUndefined();
    expect(pid.field(99).text).toBeUndefined();
  });

  test('a sub-component without a component stays one: it is no repetition', () => {
    expect(pid.all(6)).toHaveLength(1);
    expect(pid.field(6).part(1).part(2).text).toBe('b');
  });

  test('null is apart from absent', () => {
    expect(pid.field(5).isNull).toBe(true);
    expect(pid.field(5).text).toBeUndefined();
    expect(pid.field(4).isNull).toBe(false);
  });

  test('empty repetitions keep the numbers of the others', () => {
    expect(pid.all(7).map((one) => one.place)).toEqual(['PID-7[3]']);
  });

  test('coverage knows what was not read', () => {
    const sources = new SourceTracker(false);
    const made = readMessage(
      new TextEncoder().encode(`${HEAD}\rPID|1||A^^^CG&1.2&ISO^MR\rOBX|1|NM\rOBX|2|ST`),
      undefined,
    );
    for (const segment of made.segments.slice(1)) sources.account(segment);
    made.first('PID')!.field(3).part(1).text;
    made.all('OBX')[1]!.field(2).text;
    expect(sources.coverage()).toMatchObject({
      seen: 10,
      mapped: 2,
      left: { 'OBX-1': 2, 'OBX-2': 1, 'PID-1': 1, 'PID-3.4.1': 1, 'PID-3.4.2': 1, 'PID-3.4.3': 1, 'PID-3.5': 1 },
    });
  });
});

describe('lines', () => {
  test.each([
    ['CR', '\r'],
    ['LF', '\n'],
    ['CR LF', '\r\n'],
    ['empty lines', '\r\r\n\n'],
  ])('%s', (_name, end) => {
    const made = read([HEAD, 'PID|1', 'PV1|2', ''].join(end));
    expect(made.segments.map((segment) => segment.name)).toEqual(['MSH', 'PID', 'PV1']);
    expect(made.strays).toEqual([]);
  });

  test('mixed line ends lose no segment', () => {
    expect(read(`${HEAD}\rPID|1\nPV1|2\r\nOBX|3`).segments).toHaveLength(4);
  });

  test('a byte order mark and MLLP bytes around it are no content', () => {
    expect(read(`\uFEFF${HEAD}\rPID|1`).segments).toHaveLength(2);
    expect(read(`\v${HEAD}\rPID|1\r\x1c\r`).first('PID')!.field(1).text).toBe('1');
  });

  test('lower-case names, Z segments and segments that end at their name are segments', () => {
    const made = message('pid|1', 'ZAB|x', 'NTE');
    expect(made.segments.slice(1).map((segment) => segment.name)).toEqual(['PID', 'ZAB', 'NTE']);
    expect(made.first('NTE')!.field(3).text).toBeUndefined();
  });

  test('a line that is no segment is told and does not disturb the next', () => {
    const made = message('NTE|1||first', 'second line', 'PID|1');
    expect(made.strays).toEqual([{ line: 3 }]);
    expect(made.first('PID')!.field(1).text).toBe('1');
  });

  test.each(['', 'PID|1', 'hello', '<xml/>', '\0\0'])('refuses %j', (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'item.format' }));
  });

  test('refuses two messages in one item', () => {
    expect(() => read(`${HEAD}\rPID|1\r${HEAD}`)).toThrow(expect.objectContaining({ code: 'item.format' }));
  });
});

describe('character sets', () => {
  const bytes = (head: string, rest: number[]) =>
    Buffer.concat([Buffer.from(`${head}\rZZZ|`, 'latin1'), Buffer.from(rest)]);
  const declaring = (name: string) => HEAD.replace('UNICODE UTF-8', name);
  const zzz = (made: Message) => made.first('ZZZ')!.field(1).whole;

  test.each([
    ['GB 18030-2000', [0xd5, 0xc5, 0xce, 0xb0], '张伟'],
    ['GB18030', [0x95, 0x34, 0xb2, 0x35], '𠮷'],
    ['8859/1', [0xe9, 0xb5], 'éµ'],
    ['8859/2', [0xb1], 'ą'],
    ['8859/5', [0xd0], 'а'],
    ['8859/15', [0xa4], '€'],
    ['UNICODE UTF-8', [0xe5, 0xbc, 0xa0], '张'],
    ['ASCII', [0x41], 'A'],
    ['', [0xe5, 0xbc, 0xa0], '张'],
    ['8859/1~GB 18030-2000', [0xe9], 'é'],
  ])('MSH-18 %s', (name, rest, expected) => {
    expect(zzz(read(bytes(declaring(name), rest)))).toBe(expected);
  });

  test('the second byte of a GB 18030 character may be a delimiter, in MSH itself, too', () => {
    // 0x81 0x7C is one character (亅); its second byte is that of the field separator.
    const head = Buffer.concat([
      Buffer.from('MSH|^~\\&|', 'latin1'),
      Buffer.from([0x81, 0x7c, 0x81, 0x5e]),
      Buffer.from('|CG|||20260105||ADT^A01|1|P|2.5.1||||||GB18030\rZZZ|', 'latin1'),
      Buffer.from([0x81, 0x7c]),
    ]);
    const made = read(head);
    expect(made.header.field(3).text).toHaveLength(2);
    expect(made.header.field(4).text).toBe('CG');
    expect(zzz(made)).toHaveLength(1);
  });

  test.each(['utf16le', 'utf16be'])('%s, with and without a mark', (name) => {
    const little = Buffer.from(`\uFEFF${declaring('UNICODE UTF-16')}\rZZZ|张`, 'utf16le');
    const whole = name === 'utf16le' ? little : little.swap16();
    expect(zzz(read(whole))).toBe('张');
    expect(zzz(read(whole.subarray(2)))).toBe('张');
  });

  test('the configured set outranks the declared one', () => {
    expect(zzz(read(bytes(declaring('ASCII'), [0xd5, 0xc5]), 'gb18030'))).toBe('张');
  });

  test.each([
    ['bytes beyond ASCII', 'ASCII', [0xe9]],
    ['bytes that are no UTF-8', 'UNICODE UTF-8', [0xd5, 0xc5]],
    ['bytes that are no UTF-8, undeclared', '', [0xd5, 0xc5]],
    ['half a GB 18030 character', 'GB18030', [0xd5]],
    ['Windows bytes in ISO 8859-1', '8859/1', [0x93]],
    ['a set that is not supported', 'ISO IR87', [0x41]],
  ])('refuses %s', (_name, declared, rest) => {
    expect(() => read(bytes(declaring(declared), rest))).toThrow(expect.objectContaining({ code: 'item.charset' }));
  });
});

test('what ORU_R01 does not expect is told', () => {
  const issues = (...lines: string[]) =>
    structureIssues(read([HEAD.replace('ADT^A01', 'ORU^R01'), ...lines].join('\r'))).map(({ place }) => place);
  expect(issues('PID|1', 'SPM|1', 'OBR|1||F1', 'RXA|1', 'OBX|1', 'ZXX|1')).toEqual(['SPM', 'RXA']);
  expect(issues('PID|1', 'ORC|RE|A', 'ORC|RE|B', 'OBR|1||F1', 'NTE|1')).toEqual(['ORC']);
  expect(issues('PID|1', 'PV1|1|I')).toEqual(['OBR']);
});
