/** Messages of one visit, and a result with its correction, in any order of arrival. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalize } from '../normalizer/index.ts';
import { type CurrentResource, currentState } from './current.ts';

const hospital = {
  id: 'chenguang',
  name: 'Chenguang',
  timezone: 'Asia/Shanghai',
  patientSystem: 'urn:oid:2.16.156.10011.1.13.990001',
};

function record(type: string, at: string, lines: readonly string[]): Uint8Array {
  const text = [`MSH|^~\\&|HIS|CG|DHC|CG|${at}+0800||${type}|${type}${at}|P|2.5.1`, ...lines].join('\r');
  const made = normalize(
    { kind: 'hl7v2', sourceKey: 'k', bytes: new TextEncoder().encode(text) },
    { hospital, feed: 'f', receivedAt: '2026-03-01T00:00:00Z' },
  );
  if (made.status === 'rejected') throw new Error(made.code);
  return made.bytes;
}

const pid = (rest: string) => `PID|1||CG1^^^^MR||ZHANG^WEI||19780312|M|||${rest}`;
const visit = (from = '', to = '') => `PV1|1|I|302${'|'.repeat(16)}V1^^^Z${'|'.repeat(25)}${from}|${to}`;
const result = (value: string, status: string) => [
  pid(''),
  visit('20260105082500'),
  'ORC|RE|O1|F1',
  `OBR|1|O1|F1|CBC^Blood count^L|||202601060800||||||||||||||||||${status}`,
  `OBX|1|NM|718-7^Hb^LN||${value}|g/L|||||${status}|||202601060800`,
];
const messages = {
  a01: record('ADT^A01', '20260105083000', [pid('Old Road'), visit('20260105082500')]),
  a08: record('ADT^A08', '20260106090000', [pid('New Road'), visit('20260105082500')]),
  oru: record('ORU^R01', '20260106100000', result('128.10', 'F')),
  corrected: record('ORU^R01', '20260107100000', result('12.80', 'C')),
  a03: record('ADT^A03', '20260107090000', [pid(''), visit('20260105082500', '20260107085500')]),
  late: record('ORU^R01', '20260108100000', result('12.80', 'C')),
};

function of(state: readonly CurrentResource[], type: string): unknown[] {
  return state.flatMap(({ resource }) => (resource.resourceType === type ? [resource] : []));
}
const text = (state: readonly CurrentResource[]) => JSON.stringify(state);

describe('current state', () => {
  it('does not have what a later message deletes, whatever came in between or later', () => {
    const phone = (at: string, number: string) =>
      record('ADT^A08', at, [`PID|1||CG1^^^^MR||ZHANG^WEI|||${'|'.repeat(5)}${number}`]);
    const [given, deleted, silent] = [
      phone('20260101080000', '010-1'),
      phone('20260102080000', '""'),
      phone('20260103080000', ''),
    ];
    const patient = (...some: Uint8Array[]) => of(currentState(some), 'Patient')[0] as fhir4.Patient;
    expect(patient(silent!, given!).telecom).toMatchObject([{ value: '010-1' }]);
    expect(patient(given!, silent!, deleted!)).not.toHaveProperty('telecom');
    expect(patient(given!, silent!, deleted!)).not.toHaveProperty('extension');
    expect(patient(deleted!, phone('20260104080000', '010-2')).telecom).toMatchObject([{ value: '010-2' }]);
  });

  it('does not link people who were two after all', () => {
    const one = 'PID|1||CG1^^^^MR||ZHANG^WEI';
    const linked = record('ADT^A24', '20260101080000', [one, 'PID|2||CG2^^^^MR||ZHANG^WEI']);
    const links = (...some: Uint8Array[]) =>
      of(currentState(some), 'Patient').map((patient) => (patient as fhir4.Patient).link?.[0]?.type);
    expect(links(linked)).toEqual(['seealso', 'seealso']);
    const parted = ['PID|1||CG2^^^^MR||ZHANG^WEI', one].map((pid) => record('ADT^A37', '20260102080000', [pid]));
    expect(links(...parted, linked)).toEqual([undefined, undefined]);
  });

  it('takes back the end of a visit without its start', () => {
    const at = (time: string, from: string, to: string) => record('ADT^A08', time, [pid(''), visit(from, to)]);
    const state = currentState([
      at('20260105090000', '20260105082500', '20260107085500'),
      at('20260107090000', '', '""'),
    ]);
    expect((of(state, 'Encounter')[0] as fhir4.Encounter).period).toEqual({ start: '2026-01-05T08:25:00+08:00' });
  });

  it('is the newest word on each thing, in whatever order the messages arrived, and however often', () => {
    const all = Object.values(messages);
    const expected = text(currentState(all));
    fc.assert(
      fc.property(
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.array(fc.constantFrom(...all), { maxLength: 5 }),
        (order, again) => text(currentState([...order, ...again])) === expected,
      ),
    );
    const state = currentState(all);
    expect(of(state, 'Patient')).toMatchObject([{ address: [{ line: ['New Road'] }] }]);
    expect(of(state, 'Encounter')).toMatchObject([
      { status: 'finished', period: { start: '2026-01-05T08:25:00+08:00', end: '2026-01-07T08:55:00+08:00' } },
    ]);
    expect(of(state, 'Observation')).toHaveLength(1);
    expect(of(state, 'Observation')).toMatchObject([{ status: 'corrected' }]);
    expect(text(state)).toContain('"value":12.80');
  });

  it('says of when it is, and an older message that comes late changes nothing', () => {
    const before = currentState([messages.a08]);
    const after = currentState([messages.a08, messages.a01]);
    const patient = (state: readonly CurrentResource[]) =>
      state.find(({ resource }) => resource.resourceType === 'Patient')!;
    expect(patient(after)).toEqual(patient(before));
    expect(patient(after).asOf).toBe('2026-01-06T09:00:00+08:00');
  });

  it('decides between messages of one second, whichever is read first', () => {
    const twin = record('ADT^A08', '20260106090000', [pid('Other Road'), visit()]);
    expect(text(currentState([twin, messages.a08]))).toBe(text(currentState([messages.a08, twin])));
  });

  it('takes of a row that was corrected under its old time the one that was sealed later', () => {
    const row = (result: string) =>
      normalize(
        {
          kind: 'table',
          sourceKey: 'r',
          bytes: new TextEncoder().encode(
            JSON.stringify({
              report_no: 'B1',
              patient_id: 'CG1',
              item_code: 'HGB',
              item_name: 'Hb',
              result,
              unit: 'g/L',
              status: 'F',
              reported_at: '2026-01-05 10:15:00',
            }),
          ),
        },
        { hospital, feed: 'f', receivedAt: '' },
      ) as { bytes: Uint8Array };
    const [first, corrected] = [row('128').bytes, row('12.8').bytes];
    expect(text(currentState([first, corrected]))).toContain('"value":12.8');
    expect(text(currentState([first, corrected, first]))).toContain('"value":12.8');
    expect(text(currentState([corrected, first]))).toContain('"value":128');
  });

  it('takes resources of a server whole, by their own time', () => {
    const version = (lastUpdated: string, more: object) =>
      new TextEncoder().encode(
        JSON.stringify({
          resourceType: 'Bundle',
          type: 'collection',
          entry: [
            {
              fullUrl: 'https://fhir.example/Patient/1',
              resource: { resourceType: 'Patient', id: '1', meta: { lastUpdated }, ...more },
            },
          ],
        }),
      );
    const newer = version('2026-02-01T00:00:00Z', { gender: 'male' });
    const older = version('2026-01-01T00:00:00+08:00', { birthDate: '1978' });
    for (const order of [
      [newer, older],
      [older, newer],
    ])
      expect(currentState(order)).toEqual([
        expect.objectContaining({ resource: expect.not.objectContaining({ birthDate: '1978' }) }),
      ]);
  });

  it('passes over lists of key packets', () => {
    const list = { resourceType: 'List', code: { coding: [{ system: 'urn:dhc:list' }] } };
    const bundle = { resourceType: 'Bundle', entry: [{ fullUrl: 'urn:uuid:1', resource: list }] };
    expect(currentState([new TextEncoder().encode(JSON.stringify(bundle))])).toEqual([]);
  });
});
