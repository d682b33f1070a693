import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byPerson } from './people.ts';
import { messageSplitter } from './split.ts';

const header = (event: string, eol = '\r') =>
  `MSH|^~\\&|A|B|C|D|20260101||${event}|7|P|2.5${eol}EVN|A40|20260101${eol}`;
const parts = (text: string) =>
  byPerson(Buffer.from(text, 'latin1')).map((part) => Buffer.from(part).toString('latin1'));

test('each pair of a merge becomes a message of its own, with the header', () => {
  const head = header('ADT^A40^ADT_A39');
  expect(parts(`${head}PID|1||A1\rMRG|A2\rPID|2||B1\rPD1\rMRG|B2\r`)).toEqual([
    `${head}PID|1||A1\rMRG|A2\r`,
    `${head}PID|2||B1\rPD1\rMRG|B2\r`,
  ]);
});

test.each([
  ['one person', `${header('ADT^A40')}PID|1||A1\rMRG|A2`],
  ['a link of two numbers of one person', `${header('ADT^A24')}PID|1||A\rPV1|1\rPID|2||B\rPV1|1`],
  ['a field that begins like a segment', `${header('ADT^A40')}PID|1||A1|PID|x\rMRG|A2\rPIDX|y`],
  ['no message', 'PID|1\rPID|2'],
])('%s stays whole', (_name, text) => expect(parts(text)).toEqual([text]));

test('nothing is lost, nothing is told of another, whatever the line ends', () => {
  const people = fc.array(
    fc.array(fc.constantFrom('MRG|X', 'PD1', 'PV1|1|I', 'OBX|1|ST|P\u00ffID'), { maxLength: 4 }),
    {
      minLength: 2,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(people, fc.constantFrom('\r', '\n', '\r\n'), (groups, eol) => {
      const head = header('ORU^R01', eol);
      const bodies = groups.map((lines, index) => [`PID|1||P${index}`, ...lines, ''].join(eol));
      expect(parts(head + bodies.join(''))).toEqual(bodies.map((body) => head + body));
    }),
  );
});

test.each([
  ['', false],
  ['\ufeff', false],
  ['', true],
  ['\ufeff', true],
])('in UTF-16 as well (mark %j, big-endian %j)', (mark, big) => {
  const wide = (text: string) => {
    const bytes = Buffer.from(text, 'utf16le');
    return big ? bytes.swap16() : bytes;
  };
  const head = `${mark}${header('ADT^A40')}`;
  const people = ['PID|1||A||张\u5049\rMRG|\u0d50\u4944\r', 'PID|2||B\rMRG|2\r'];
  expect(byPerson(wide(head + people.join(''))).map((part) => Buffer.from(part).toString('hex'))).toEqual(
    people.map((person) => wide(head + person).toString('hex')),
  );
});

test('two who change beds, and two who are not one person after all, are two people', () => {
  for (const event of ['ADT^A17', 'ADT^A37']) {
    const head = header(event);
    expect(parts(`${head}PID|1||A\rPV1|1\rPID|2||B\rPV1|1\r`)).toEqual([
      `${head}PID|1||A\rPV1|1\r`,
      `${head}PID|2||B\rPV1|1\r`,
    ]);
  }
});

test('a file goes on behind any of its people', async () => {
  const head = header('ADT^A40');
  const bytes = Buffer.from(`${head}PID|1||A\rMRG|1\rPID|2||B\rMRG|2\rPID|3||C\rMRG|3\r${header('ADT^A08')}PID|1||D\r`);
  const file = {
    key: 'f',
    size: bytes.length,
    read: async (at: number, length: number) => bytes.subarray(at, at + length),
  };
  const split = messageSplitter(undefined);
  const read = async (from: { offset: number; count: number; part?: number }) => {
    const found = [];
    for await (const piece of split(file, from, 10_000)) found.push(piece);
    return found;
  };
  const all = await read({ offset: 0, count: 0 });
  expect(all.map(({ suffix }) => suffix)).toEqual(['#1.1', '#1.2', '#1.3', '#2']);
  for (const [index, piece] of all.entries()) expect(await read(piece.resume)).toEqual(all.slice(index + 1));
});
