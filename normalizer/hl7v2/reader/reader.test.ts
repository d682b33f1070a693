import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SourceTracker } from '../../sources.ts';
import { decodeEscapes } from './escapes.ts';
import { type Message, readMessage } from './message.ts';

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
          expect(read1.field(3).decoded).toBe('y');
          const expected = repetitions
            .map((parts, index) => [index, parts] as const)
            .filter(([, parts]) => parts.some((part) => part !== '') || parts.length > 1);
          expect(read1.all(2).map((one) => one.pieces().map((part) => part.decoded ?? ''))).toEqual(
            expected.map(([, parts]) => parts),
          );
        },
      ),
    );
  });

  test('five encoding characters, and three', () => {
    expect(read('MSH|^~\\&#|A\rZZZ|a\\P\\b').first('ZZZ')!.field(1).decoded).toBe('a#b');
    expect(read('MSH|^~\\|A\rZZZ|a&b').first('ZZZ')!.field(1).decoded).toBe('a&b');
  });

  test('an escape character that stands twice in a row is meant once, and told', () => {
    const made = read('MSH|^~\\\\&|A\rZZZ|a\\T\\b&c');
    expect(made.first('ZZZ')!.field(1).part(1).pieces()).toMatchObject([{ decoded: 'a&b' }, { decoded: 'c' }]);
    expect(made.issues.map(({ place }) => place)).toEqual(['MSH-2']);
    expect(read('MSH|^~\\\\&|A\rZZZ|a\\\\T\\\\b|C:\\\\x\\r\\n').first('ZZZ')!.all(1)[0]!.decoded).toBe('a&b');
    expect(read('MSH|^~\\\\&|A\rZZZ|C:\\\\x\\r').first('ZZZ')!.field(1).decoded).toBe('C:\\x');
    expect(read('MSH|^~\\\\&#|A\rZZZ|\\P\\').first('ZZZ')!.field(1).decoded).toBe('#');
  });

  test('a value that its sender has cut off is told (v2.7)', () => {
    const made = read('MSH|^~\\&#|A\rNTE|1||a long te#|x#y|\\P\\\rZZZ|#');
    expect(made.issues.map(({ code, place }) => [code, place])).toEqual([['item.truncated', 'NTE-3']]);
    expect(made.first('NTE')!.field(3).decoded).toBe('a long te#');
  });

  test.each(['MSH|^^\\&|A', 'MSHA^~\\&|', 'MSH', 'MSH|', 'MSH|ab|', 'MSH|^~\\&#?|'])('refuses %s', (head) => {
    expect(() => read(head)).toThrow(expect.objectContaining({ code: 'item.format' }));
  });

  test('MSH-1 and MSH-2 count as fields and are not split', () => {
    const { header } = message();
    expect(header.field(1).content).toBe('|');
    expect(header.all(2).map((one) => one.content)).toEqual(['^~\\&']);
    expect(header.field(3).decoded).toBe('HIS');
    expect(header.field(9).part(2).decoded).toBe('A01');
  });
});

describe('escapes', () => {
  const delimiters = {
    field: '|',
    component: '^',
    repetition: '~',
    escape: '\\',
    subcomponent: '&',
    truncation: '',
    doubled: false,
  };
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
    ['\\XE5\\\\XBC\\\\XA0\\!', '张!'],
    ['\\XE5\\\\XBC\\ and more', '\\XE5\\\\XBC\\ and more'],
    ['a\\E\\X09\\E\\b\\E\\X0D0A\\E\\c\\E\\.br\\E\\d', 'a\tb\r\nc\nd'],
    ['C:\\E\\F\\E\\', 'C:\\F\\'],
    ['\\E\\X-ray\\E\\', '\\X-ray\\'],
    ['\\.in+4\\a\\.ti-2\\b\\.fi\\\\.sk3\\c', 'ab   c'],
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
    expect(pid.field(3).part(4).part(2).decoded).toBe('1.2');
    expect(pid.field(3).part(4).decoded).toBe('CG');
    expect(pid.all(3).map((one) => one.part(1).decoded)).toEqual(['A', 'B']);
    expect(pid.field(3).part(9).decoded).toBeUndefined();
    expect(pid.field(99).decoded).toBeUndefined();
  });

  test('a sub-component without a component stays one: it is no repetition', () => {
    expect(pid.all(6)).toHaveLength(1);
    expect(pid.field(6).part(1).part(2).decoded).toBe('b');
  });

  test('null is apart from absent', () => {
    expect(pid.field(5).isNull).toBe(true);
    expect(pid.field(5).decoded).toBeUndefined();
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
    made.first('PID')!.field(3).part(1).decoded;
    made.all('OBX')[1]!.field(2).decoded;
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
    expect(made.issues).toEqual([]);
  });

  test('mixed line ends lose no segment', () => {
    expect(read(`${HEAD}\rPID|1\nPV1|2\r\nOBX|3`).segments).toHaveLength(4);
  });

  test('a byte order mark and MLLP bytes around it are no content', () => {
    expect(read(`\uFEFF${HEAD}\rPID|1`).segments).toHaveLength(2);
    expect(read(`\v${HEAD}\rPID|1\r\x1c\r`).first('PID')!.field(1).decoded).toBe('1');
  });

  test('lower-case names, Z segments and segments that end at their name are segments', () => {
    const made = message('pid|1', 'ZAB|x', 'NTE');
    expect(made.segments.slice(1).map((segment) => segment.name)).toEqual(['PID', 'ZAB', 'NTE']);
    expect(made.first('NTE')!.field(3).decoded).toBeUndefined();
  });

  test('a line that is no segment is told and does not disturb the next', () => {
    const made = message('PV1|1|I', 'second line', 'PIDX|1', 'PID|1');
    expect(made.issues.map(({ code, place }) => [code, place])).toEqual([
      ['structure.unexpected', 'line 3'],
      ['structure.unexpected', 'line 4'],
    ]);
    expect(made.first('PV1')!.field(2).decoded).toBe('I');
    expect(made.first('PID')!.field(1).decoded).toBe('1');
  });

  test('a line break within a result or a note is part of its text', () => {
    const made = message('OBX|1|TX|C||first', 'second', '', 'third||||||F', 'NTE|1||a', 'b', 'PIDX|1');
    expect(made.first('OBX')!.field(5).decoded).toBe('first\nsecond\nthird');
    expect(made.first('OBX')!.field(11).decoded).toBe('F');
    expect(made.first('NTE')!.field(3).decoded).toBe('a\nb');
    expect(made.issues.map(({ place }) => place)).toEqual(['line 3', 'line 5', 'line 7', 'line 8']);
  });

  test('white space before a name, noise before the header and an envelope around it', () => {
    const made = read(`FHS|^~\\&|A\rBHS|^~\\&|A\r[SOM]${HEAD}\n\n  PID|1\n\0PV1|2\rBTS|1\rFTS|1`);
    expect(made.segments.map((segment) => segment.name)).toEqual(['MSH', 'PID', 'PV1']);
    expect(made.issues.map(({ place }) => place)).toEqual(['line 1']);
  });

  test.each(['', 'PID|1', 'hello', '<xml/>', '\0\0', `PID|1\r${HEAD}`])('refuses %j', (text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'item.format' }));
  });

  test('refuses two messages in one item', () => {
    expect(() => read(`${HEAD}\rPID|1\r${HEAD}`)).toThrow(expect.objectContaining({ code: 'item.format' }));
  });
});

describe('continuation (v2.9 §2.10.2)', () => {
  const pointed = (pointer: string) =>
    `${HEAD.replace('|2.5.1|', `|2.5.1||${pointer}|`).replace('||||||UNI', '||||UNI')}`;

  test('ADD goes on where the segment above was broken off', () => {
    const made = message('OBX|1|TX|C||the first h', 'ADD|alf~and', 'ADD| more||||||F', 'NTE|1||x', 'ADD|');
    expect(made.segments.map((segment) => segment.name)).toEqual(['MSH', 'OBX', 'NTE']);
    expect(
      made
        .first('OBX')!
        .all(5)
        .map((one) => one.decoded),
    ).toEqual(['the first half', 'and more']);
    expect(made.first('OBX')!.field(11).decoded).toBe('F');
  });

  test('a message in two parts is one', () => {
    const made = read(
      [HEAD, 'PID|1', 'OBX|1|TX|C||the first h', 'DSC|42|F', pointed('42'), 'ADD|alf||||||F', 'OBX|2'].join('\r'),
    );
    expect(made.segments.map((segment) => segment.name)).toEqual(['MSH', 'PID', 'OBX', 'OBX']);
    expect(made.first('OBX')!.field(5).decoded).toBe('the first half');
  });

  test.each([
    ['the end', [HEAD, 'OBX|1|TX|C||the first h', 'DSC|42|F'], 'item.truncated'],
    ['the beginning', [pointed('42'), 'ADD|alf'], 'item.truncated'],
    ['another part', [HEAD, 'OBX|1', 'DSC|42|F', pointed('43'), 'ADD|alf'], 'item.format'],
  ])('refuses a message without %s', (_name, lines, code) => {
    expect(() => read(lines.join('\r'))).toThrow(expect.objectContaining({ code }));
  });
});
