import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalize } from '../index.ts';
import { said } from './testing/said.ts';

const context = { hospital: { id: 'h', name: 'h', timezone: 'Asia/Shanghai' }, feed: 'fields', receivedAt: '' };

/** Few of each, so that they repeat in other company. */
const parties = fc.constantFrom('', '""', 'HIS', 'HIS^1.2.3^ISO', 'HIS^x^y', 'A&B^1.2.3.4^ISO', '^1.2.3^ISO');
const numbers = fc.constantFrom('', '310^城镇^L', '310^^^CG&1.2.3&ISO~311^^^CG&1.2.3&ISO', '~311', '""');
const addresses = fc.constantFrom('', '晨光路^^宁海市^^990100~^^宁海市', '""');
const phones = fc.constantFrom('', '555-1^PRN^PH', '555-1^PRN^PH~555-2^WPN^QQ');
const item = fc.tuple(fc.tuple(parties, parties, parties, parties), numbers, parties, addresses, phones, fc.integer());

/** A trace asks for every reading: nothing is remembered then. */
test('a sender and an insurer that were remembered are what would have been made again', () => {
  let made = 0;
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 6 }), (items) => {
      for (const [header, insurer, name, address, phone, number] of items) {
        const lines = [
          `MSH|^~\\&|${header.join('|')}|20260105083000||ADT^A01^ADT_A01|A${number}|P|2.5.1||||||UNICODE UTF-8`,
          'EVN|A01|20260105083000',
          'PID|1||CG1^^^CG&1.2.3&ISO^MR||张^伟||19780312|M',
          'PV1|1|I|W^1^2^CG',
          `IN1|1|A^B|${insurer}|${name}|${address}|林^涛|${phone}||||||20260101`,
        ];
        const input = { kind: 'hl7v2' as const, sourceKey: 'm', bytes: Buffer.from(`${lines.join('\r')}\r`) };
        const fresh = normalize(input, { ...context, trace: true });
        for (let time = 0; time < 2; time += 1) expect(said(normalize(input, context))).toEqual(said(fresh));
        if (fresh.status !== 'rejected') made += 1;
      }
    }),
    { numRuns: 80 },
  );
  expect(made).toBeGreaterThan(100);
}, 60_000);
