import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Normalized, Rejected } from '../../core/types.ts';
import { encodeMessage } from '../hl7v2/testing/encode.ts';
import { generateMessage } from '../hl7v2/testing/generate.ts';
import { normalize } from '../index.ts';

const HEAD = 'MSH|^~\\&|LIS|CG|DHC|CG|20260105083000||ORU^R01^ORU_R01|R1|P|2.5.1||||||UNICODE UTF-8';
const PID = 'PID|1||CG1^^^CG&1.2.3&ISO^MR||张^伟||19780312|M';
const hospital = { id: 'h', name: 'h', timezone: 'Asia/Shanghai' };
/** Few of each, so that they repeat; some tell issues, and each of those names its own place. */
const persons = fc.constantFrom(
  '',
  'D1^林^涛',
  'D1^林^涛~D2^陈',
  'D3&x^A&B^C^^^^^^CG&1.2&ISO',
  '^陈',
  'D\x014^王',
  '""',
);
const codes = fc.constantFrom('718-7^血红蛋白^LN', 'HGB^血红蛋白', 'x&y^z^L', '^只有名', '');
const line = fc.tuple(
  fc.constantFrom('NM', 'ST', 'CWE', 'DT', 'ZZ', ''),
  codes,
  fc.constantFrom('5.60', '<0.1', 'abc', '20261399', '7^8', '', 'A\\T\\B'),
  fc.constantFrom('g/L', 'g/L^克每升^UCUM', 'nope^x^UCUM', ''),
  fc.constantFrom('3.9-6.1', '<5', '', '130&175'),
  fc.constantFrom('H', 'H~A', '↑', 'QQ', ''),
  fc.constantFrom('F', 'P', 'q', ''),
  fc.constantFrom('20260105', '202601050830', '19000101', '20269999', ''),
  persons,
);

function message(orders: readonly (readonly (readonly string[])[])[]): Buffer {
  const segments = orders.flatMap((lines, order) => [
    `ORC|RE|O${order}|F${order >> 1}`,
    `OBR|1|O${order}|F${order >> 1}|CBC^血^L|||20260105090000`,
    ...lines.map(
      ([type, code, value, unit, range, flag, status, time, person], index) =>
        `OBX|${index}|${type}|${code}|${index % 3}|${value}|${unit}|${range}|${flag}|||${status}|||${time}|CGLAB^检验科|${person}|||||||${person}`,
    ),
  ]);
  return Buffer.from(`${[HEAD, PID, ...segments].join('\r')}\r`);
}

/** All but the trace; the bundle by its bytes. */
function said(result: Normalized | Rejected) {
  const { status, issues, coverage } = result;
  if (result.status === 'rejected') return { status, issues, coverage };
  return { status, issues, coverage, quality: result.quality, bundle: Buffer.from(result.bytes).toString() };
}

/** A trace asks for every reading: nothing is remembered then. */
test('what was remembered is what would have been made again, with the same issues and coverage', () => {
  let normalised = 0;
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 24 }), { minLength: 1, maxLength: 3 }), (orders) => {
      const input = { kind: 'hl7v2' as const, sourceKey: 'm', bytes: message(orders) };
      const context = { hospital, feed: 'f', receivedAt: '' };
      const fresh = normalize(input, { ...context, trace: true });
      expect(said(normalize(input, context))).toEqual(said(fresh));
      if (fresh.status !== 'rejected') normalised += 1;
    }),
    { numRuns: 60 },
  );
  expect(normalised).toBeGreaterThan(30);
}, 60_000);

/** Practitioners of two messages share a number, not what else is said of them. */
test('what an item leaves for later ones is not changed by them', () => {
  const context = { hospital, feed: 'shared', receivedAt: '' };
  const of = (...persons: string[]) => {
    const line = (person: string) => ['ST', '718-7^血红蛋白^LN', 'x', '', '', '', 'F', '', person];
    return said(normalize({ kind: 'hl7v2', sourceKey: 'm', bytes: message([persons.map(line)]) }, context));
  };
  const [one, two] = ['D1^林^^^^^^^CG', 'D1^^涛^^^^^^CG'];
  const before = of(one);
  const both = of(one, two, one);
  expect(both).not.toEqual(before);
  expect(of(one)).toEqual(before);
  expect(of(one, two, one)).toEqual(both);
});

test('a rule that reads what only its item knows is made anew for each', () => {
  const at = (time: string) => {
    const person = `D1^林^涛${'^'.repeat(16)}202001010830`;
    const bytes = message([[['ST', 'a^b^L', 'x', '', '', '', 'F', '', person]]])
      .toString()
      .replace('20260105083000', time);
    const made = normalize(
      { kind: 'hl7v2', sourceKey: 'm', bytes: Buffer.from(bytes) },
      { hospital, feed: 'f', receivedAt: '' },
    );
    if (made.status === 'rejected') throw new Error(made.code);
    const all = made.bundle.entry!.map(({ resource }) => resource as fhir4.Practitioner);
    return all.flatMap(({ resourceType, name }) => (resourceType === 'Practitioner' ? name : []));
  };
  expect(at('20260105083000+0800')).toEqual([
    expect.objectContaining({ period: { start: '2020-01-01T08:30:00+08:00' } }),
  ]);
  expect(at('20260105083000-0500')).toEqual([
    expect.objectContaining({ period: { start: '2020-01-01T08:30:00-05:00' } }),
  ]);
});

test('what one feed has left is not taken for another hospital, feed or list of authorities', () => {
  const bytes = message([[['ST', 'a^b^L', 'x', '', '', '', 'F', '', 'D1^林^涛^^^^^^CG']]]);
  const contexts = [
    { hospital, feed: 'a', receivedAt: '' },
    { hospital: { ...hospital, id: 'other' }, feed: 'a', receivedAt: '' },
    { hospital, feed: 'a', receivedAt: '', assigners: { CG: 'urn:oid:1.2.3.4.5' } },
    ...['b', 'c', 'd', 'e'].map((feed) => ({ hospital, feed, receivedAt: '' })),
  ];
  for (const context of [...contexts, ...contexts.reverse()]) {
    const input = { kind: 'hl7v2' as const, sourceKey: 'm', bytes };
    const fresh = normalize(input, { ...context, trace: true });
    for (let time = 0; time < 2; time += 1) expect(said(normalize(input, context))).toEqual(said(fresh));
  }
});

test('messages of all events come out the same after others as by themselves', () => {
  const context = { hospital, feed: 'all', receivedAt: '' };
  for (let seed = 0; seed < 250; seed += 1) {
    const input = { kind: 'hl7v2' as const, sourceKey: 'm', bytes: encodeMessage(generateMessage(seed)) };
    const fresh = normalize(input, { ...context, trace: true });
    for (let time = 0; time < 2; time += 1)
      expect([seed, said(normalize(input, context))]).toEqual([seed, said(fresh)]);
  }
}, 60_000);

/** The engine keeps a text that is cut from a message as a place in the message. */
test('what is remembered of a message does not keep the message in memory', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const context = { hospital, feed: 'long', receivedAt: '' };
  const note = `NTE|1||${'长'.repeat(100_000)}\r`;
  const one = (number: number) => {
    const person = `D${number}00000000000^Wolfeschlegelsteinhausen${number}^Adolph Blaine ${number}^^^^^^Some Authority ${number}&1.2.840.113619.${number}&ISO`;
    const code = `C${number}00000000000^a name of a test that is long ${number}^a system of the laboratory ${number}`;
    const line = ['NM', code, '1', `a unit as long ${number}`, '3.9-6.1', '', 'F', '', person];
    const bytes = Buffer.concat([message([[line]]), Buffer.from(note)]);
    expect(normalize({ kind: 'hl7v2', sourceKey: 'm', bytes }, context).status).not.toBe('rejected');
  };
  for (let number = 0; number < 20; number += 1) one(number);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let number = 20; number < 220; number += 1) one(number);
  collect();
  // 200 messages of 200 KB would be 40 MB.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
}, 60_000);
