/** Results that begin with their specimen or container (OUL), and referrals (REF). */
import { describe, expect, test } from 'vitest';
import type { Normalized } from '../../core/types.ts';
import { normalize } from '../index.ts';

const CONTEXT = {
  hospital: { id: 'chenguang', name: '晨光医院', timezone: 'Asia/Shanghai' },
  feed: 'test',
  receivedAt: '2026-03-01T00:00:00Z',
};

function read(event: string, ...lines: string[]): Normalized {
  const head = `MSH|^~\\&|LIS|CG|DHC|CG|20260105083000+0800||${event}|1|P|2.8|||NE|AL||UNICODE UTF-8`;
  const bytes = new TextEncoder().encode([head, ...lines].join('\r'));
  const made = normalize({ kind: 'hl7v2', sourceKey: 'k', bytes }, CONTEXT);
  if (made.status === 'rejected') throw new Error(JSON.stringify(made.issues));
  return made;
}

function all<T extends fhir4.FhirResource>(made: Normalized, type: T['resourceType']): (T & { url: string })[] {
  return made.bundle.entry!.flatMap(({ fullUrl, resource }) =>
    resource?.resourceType === type ? [{ ...(resource as T), url: fullUrl! }] : [],
  );
}

const PATIENT = 'PID|1||CG1^^^^MR';
const SPECIMENS = ['SPM|1|S1', 'SPM|1|S2'];
const order = (filler: string) => [`OBR|1||${filler}|718-7^HGB^LN`, `ORC|RE||${filler}`];
const result = (value: string) => `OBX|1|NM|718-7^HGB^LN||${value}|g/L|||||F`;

/** Result → its specimen's number, and the report that names it. */
function told(made: Normalized) {
  const specimens = new Map(all<fhir4.Specimen>(made, 'Specimen').map((one) => [one.url, one.identifier![0]!.value]));
  const reports = all<fhir4.DiagnosticReport>(made, 'DiagnosticReport');
  return all<fhir4.Observation>(made, 'Observation')
    .map((one) => [
      one.valueQuantity!.value,
      specimens.get(one.specimen!.reference!),
      reports.filter((report) => report.result!.some(({ reference }) => reference === one.url)).length,
    ])
    .sort();
}

describe('results of two specimens stay apart', () => {
  const expected = [
    [1, 'S1', 1],
    [2, 'S2', 1],
  ];
  const [first, second] = SPECIMENS;

  test('OUL^R22: orders below their specimen', () => {
    const made = read('OUL^R22', PATIENT, first!, ...order('F1'), result('1'), second!, ...order('F2'), result('2'));
    expect(told(made)).toEqual(expected);
  });

  test('OUL^R23: orders below the container', () => {
    const tube = (n: number) => `SAC|||C${n}`;
    const one = [first!, tube(1), ...order('F1'), result('1')];
    const made = read('OUL^R23', PATIENT, ...one, second!, tube(2), ...order('F2'), result('2'));
    expect(told(made)).toEqual(expected);
    expect(all<fhir4.Specimen>(made, 'Specimen').map((specimen) => specimen.container?.length)).toEqual([1, 1]);
  });

  test('OUL^R24: specimens below their order', () => {
    const made = read('OUL^R24', PATIENT, ...order('F1'), result('1'), first!, ...order('F2'), result('2'), second!);
    expect(told(made)).toEqual(expected);
  });
});

test('a referral names who refers and to whom, and brings results along', () => {
  const made = read(
    'REF^I12',
    'RF1|A^^HL70283|R^^HL70280|||||20260106',
    'PRD|RP^^HL70286|李^医||||||D1',
    'PRD|RT^^HL70286|王^医||||||D2',
    PATIENT,
    'DG1|1||I20.9^心绞痛^I10',
    'OBR|1||F1|718-7^HGB^LN',
    result('130'),
    'PV1|1|O',
  );
  expect(all<fhir4.Condition>(made, 'Condition')[0]!.code!.coding![0]!.code).toBe('I20.9');
  const [observation] = all<fhir4.Observation>(made, 'Observation');
  expect(all<fhir4.DiagnosticReport>(made, 'DiagnosticReport')[0]!.result).toEqual([{ reference: observation!.url }]);
});

test('a numbered referral is a request with its requester and performer', () => {
  const made = read(
    'REF^I12',
    'RF1|A^^HL70283|R^^HL70280||||R-1|20260106',
    'PRD|RP^^HL70286|李^医',
    'PRD|RT^^HL70286|王^医',
    PATIENT,
  );
  const people = new Map(all<fhir4.Practitioner>(made, 'Practitioner').map((one) => [one.url, one.name![0]!.family]));
  const roles = new Map(
    all<fhir4.PractitionerRole>(made, 'PractitionerRole').map((one) => [
      one.url,
      people.get(one.practitioner!.reference!),
    ]),
  );
  const [referral] = all<fhir4.ServiceRequest>(made, 'ServiceRequest');
  expect(roles.get(referral!.requester!.reference!)).toBe('李');
  expect(referral!.performer!.map(({ reference }) => roles.get(reference!))).toEqual(['王']);
});

test('a referral without a number is one as well, whoever is named first', () => {
  const made = read('REF^I12', 'RF1|A', 'PRD|RT|王^医', 'PRD|RP|李^医', 'PRD|CP|张^医', 'PRD|PP|赵^医', PATIENT);
  const [referral] = all<fhir4.ServiceRequest>(made, 'ServiceRequest');
  const roles = new Map(
    all<fhir4.PractitionerRole>(made, 'PractitionerRole').map((one) => [one.url, one.code![0]!.coding![0]!.code]),
  );
  const code = (reference: fhir4.Reference) => roles.get(reference.reference!);
  expect(code(referral!.requester!)).toBe('RP');
  expect(referral!.performer!.map(code)).toEqual(['RT']);
  expect(referral!.supportingInfo!.map(code)).toEqual(['CP']);
  expect(all<fhir4.Patient>(made, 'Patient')[0]!.generalPractitioner!.map(code)).toEqual(['PP']);
});
