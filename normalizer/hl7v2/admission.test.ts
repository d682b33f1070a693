/** What a person at the desk expects of patient administration: visits that change, people who merge, times, numbers and bills. */
import { describe, expect, test } from 'vitest';
import type { Normalized } from '../../core/types.ts';
import type { NormalizeContext } from '../context.ts';
import { normalize } from '../index.ts';
import { compileMap, withStandard } from '../mapping/index.ts';

const context: NormalizeContext = {
  hospital: { id: 'h', name: 'H', timezone: 'Europe/Berlin', patientSystem: 'urn:oid:2.16.840.1.113883.3.1' },
  feed: 'test',
  receivedAt: '2026-03-01T00:00:00Z',
};
const PID = 'PID|1||P1^^^H&2.16.840.1.113883.3.1&ISO^MR||Doe^Jane||19800102|F';

function message(event: string, lines: readonly string[], time = '20260105083000+0100'): string {
  return [`MSH|^~\\&|HIS|FAC|DHC|DST|${time}||${event}|1|P|2.5.1`, `EVN||${time}`, ...lines].join('\r');
}

function read(
  event: string,
  lines: readonly string[],
  time?: string,
  more: Partial<NormalizeContext> = {},
): Normalized {
  const bytes = new TextEncoder().encode(message(event, lines, time));
  const made = normalize({ kind: 'hl7v2', sourceKey: 'k', bytes }, { ...context, ...more });
  if (made.status === 'rejected') throw new Error(JSON.stringify(made.issues));
  return made;
}

function all<T extends fhir4.FhirResource>(made: Normalized, type: T['resourceType']): T[] {
  return made.bundle.entry!.flatMap(({ resource }) => (resource?.resourceType === type ? [resource as T] : []));
}

function one<T extends fhir4.FhirResource>(made: Normalized, type: T['resourceType']): T {
  const found = all<T>(made, type);
  expect(found).toHaveLength(1);
  return found[0]!;
}

/** PV1 with its fields by number. */
function pv1(fields: Readonly<Record<number, string>>): string {
  const last = Math.max(...Object.keys(fields).map(Number));
  return `PV1|${Array.from({ length: last }, (_, index) => fields[index + 1] ?? '').join('|')}`;
}

const VISIT = { 1: '1', 2: 'I', 3: 'W1^R1^B1^SITE', 19: 'V1^^^H', 44: '202601050800' };
const encounter = (event: string, more: Record<number, string> = {}) =>
  one<fhir4.Encounter>(read(`ADT^${event}`, [PID, pv1({ ...VISIT, ...more })]), 'Encounter');

describe('a visit', () => {
  test('is one Encounter from admission to discharge', () => {
    const made = [encounter('A01'), encounter('A08'), encounter('A03', { 36: '01^Home', 45: '202601071200' })];
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(made.map(({ status }) => status)).toEqual(['in-progress', 'in-progress', 'finished']);
    expect(made[2]).toMatchObject({
      period: { start: '2026-01-05T08:00:00+01:00', end: '2026-01-07T12:00:00+01:00' },
      hospitalization: { dischargeDisposition: { coding: [{ code: '01', display: 'Home' }] } },
      location: [{ status: 'completed' }],
    });
  });

  test('goes on after a cancelled discharge, without an end', () => {
    const { status, period } = encounter('A13', { 45: '202601071200' });
    expect([status, period?.end]).toEqual(['in-progress', undefined]);
  });

  test('is cancelled or planned as the event says', () => {
    expect(encounter('A11').status).toBe('cancelled');
    expect(encounter('A05')).toMatchObject({ status: 'planned', location: [{ status: 'planned' }] });
  });

  test('names who takes part, and every place from the site to the bed', () => {
    const made = read('ADT^A02', [PID, pv1({ ...VISIT, 6: 'W0^R0^B0', 7: 'D1^House^Gregory', 8: 'D2^Wilson' })]);
    expect(one<fhir4.Encounter>(made, 'Encounter')).toMatchObject({
      participant: [{ type: [{ coding: [{ code: 'ATND' }] }] }, { type: [{ coding: [{ code: 'REF' }] }] }],
      location: [{ status: 'active' }, { status: 'completed' }],
    });
    expect(all<fhir4.Location>(made, 'Location').map(({ name }) => name)).toEqual([
      'SITE',
      'W1',
      'R1',
      'B1',
      'W0',
      'R0',
      'B0',
    ]);
  });
});

describe('a person', () => {
  const patient = (pid: string, time?: string) => one<fhir4.Patient>(read('ADT^A31', [pid], time), 'Patient');

  test('keeps every number with its authority, and every telephone', () => {
    const made = patient(
      'PID|1||P1^^^H&2.16.840.1.113883.3.1&ISO^MR~N2^^^LOC~U3^^^&0b3d0a5e-7a3c-4d3e-9f57-1c6a1f3d2b11&UUID~W4^^^&http://x.test/ids&URI||Doe^J||||||||030^PRN^PH~^NET^Internet^j@x.test|040^WPN^PH',
    );
    expect(made.identifier!.map(({ system, value }) => [system, value])).toEqual([
      ['urn:oid:2.16.840.1.113883.3.1', 'P1'],
      ['urn:dhc:h:assigner:LOC', 'N2'],
      ['urn:uuid:0b3d0a5e-7a3c-4d3e-9f57-1c6a1f3d2b11', 'U3'],
      ['http://x.test/ids', 'W4'],
    ]);
    expect(made.telecom!.map(({ system, value, use }) => [system, value, use])).toEqual([
      ['phone', '030', 'home'],
      ['email', 'j@x.test', 'home'],
      ['phone', '040', 'work'],
    ]);
  });

  test('has names by their kinds, with their times', () => {
    const made = patient('PID|1||P1||Doe^Jane^A^Jr^Dr^^L^^^^^20000101^20101231^PhD~Roe^Jane^^^^^M');
    expect(made.name).toMatchObject([
      { use: 'official', suffix: ['Jr', 'PhD'], prefix: ['Dr'], period: { start: '2000-01-01', end: '2010-12-31' } },
      { use: 'maiden', family: 'Roe', text: 'Jane Roe' },
    ]);
  });

  test.each([
    ['|202601040900', { deceasedDateTime: '2026-01-04T09:00:00+01:00' }],
    ['||Y', { deceasedBoolean: true }],
    ['||N', { deceasedBoolean: false }],
    ['|202601040900|Y', { deceasedDateTime: '2026-01-04T09:00:00+01:00' }],
  ])('is dead or alive as PID-29 and PID-30 say: %s', (fields, expected) => {
    expect(patient(`PID|1||P1${'|'.repeat(25)}${fields}`)).toMatchObject(expected);
  });

  test('a null says nothing, and is read', () => {
    const made = read('ADT^A31', ['PID|1||P1||""||""|""|||""||""']);
    const { name, birthDate, gender, address, telecom } = one<fhir4.Patient>(made, 'Patient');
    expect([name, birthDate, gender, address, telecom]).toEqual(Array(5).fill(undefined));
    expect(made.coverage.left).toEqual({});
  });

  test.each([
    ['1980', '1980'],
    ['198001', '1980-01'],
    ['19800102', '1980-01-02'],
    ['198001020915', '1980-01-02'],
  ])('a birth of %s is as precise as it was sent', (sent, birthDate) => {
    const made = patient(`PID|1||P1||||${sent}`);
    expect(made.birthDate).toBe(birthDate);
    const time = made._birthDate?.extension?.[0]?.valueDateTime;
    expect(time).toBe(sent.length > 8 ? '1980-01-02T09:15:00+01:00' : undefined);
  });

  test('the sex as it was sent stays beside a code that says less', () => {
    const made = patient('PID|1||P1|||||A');
    expect([made.gender, made._gender?.extension?.[0]?.valueCodeableConcept?.coding?.[0]?.code]).toEqual([
      'other',
      'A',
    ]);
    expect(patient('PID|1||P1|||||M')).not.toHaveProperty('_gender');
  });
});

test("a time without an offset has that of MSH-7, else the zone of the feed's hospital, never another", () => {
  const start = (time: string) =>
    one<fhir4.Encounter>(read('ADT^A01', [PID, pv1({ ...VISIT, 44: '20260705080000' })], time), 'Encounter').period
      ?.start;
  expect(start('20260705083000-0700')).toBe('2026-07-05T08:00:00-07:00');
  expect(start('20260705083000')).toBe('2026-07-05T08:00:00+02:00');
});

describe('a merge', () => {
  const merge = (remains: string, gone: string) =>
    read('ADT^A40', [
      `PID|1||${remains}^^^H&2.16.840.1.113883.3.1&ISO^MR`,
      `MRG|${gone}^^^H&2.16.840.1.113883.3.1&ISO^MR`,
    ]);
  const states = (made: Normalized) =>
    Object.fromEntries(
      all<fhir4.Patient>(made, 'Patient').map(({ identifier, active, link }) => [
        identifier![0]!.value,
        [active, link?.[0]?.type],
      ]),
    );

  test('links and deactivates; the other way round it is the other one', () => {
    expect(states(merge('P1', 'P2'))).toEqual({ P1: [true, 'replaces'], P2: [false, 'replaced-by'] });
    expect(states(merge('P2', 'P1'))).toEqual({ P2: [true, 'replaces'], P1: [false, 'replaced-by'] });
  });

  test('sent again gives the same bytes, and the same two people', () => {
    expect(Buffer.from(merge('P1', 'P2').bytes).equals(Buffer.from(merge('P1', 'P2').bytes))).toBe(true);
    const ids = (made: Normalized) => all(made, 'Patient').map(({ id }) => id);
    expect(new Set([...ids(merge('P1', 'P2')), ...ids(merge('P2', 'P1'))]).size).toBe(2);
  });

  test('is more than a link: two numbers of one person stay two Patients that see each other', () => {
    const [one, other] = all<fhir4.Patient>(
      read('ADT^A24', [PID, 'PID|2||P2^^^H&2.16.840.1.113883.3.1&ISO^MR||Doe^Jane']),
      'Patient',
    );
    expect(one!.link).toEqual([{ other: { reference: `urn:uuid:${other!.id}` }, type: 'seealso' }]);
    expect(other!.link).toEqual([{ other: { reference: `urn:uuid:${one!.id}` }, type: 'seealso' }]);
    expect([one!.active, other!.active]).toEqual([undefined, undefined]);
  });

  test('of accounts leaves the person as it is', () => {
    const made = read('ADT^A41', [`${PID}${'|'.repeat(10)}ACC1`, 'MRG|P1^^^H&2.16.840.1.113883.3.1&ISO^MR||ACC2']);
    expect(one<fhir4.Patient>(made, 'Patient')).toMatchObject({ active: true });
    expect(
      all<fhir4.Account>(made, 'Account')
        .map(({ status }) => status)
        .sort(),
    ).toEqual(['active', 'inactive']);
    expect(one<fhir4.Linkage>(made, 'Linkage').item.map(({ resource }) => resource.identifier?.value)).toEqual([
      'ACC1',
      'ACC2',
    ]);
  });
});

describe('bills and problems', () => {
  test('a charge has its code, quantity, price, people and account', () => {
    const made = read('DFT^P03', [
      `${PID}${'|'.repeat(10)}ACC1`,
      pv1(VISIT),
      'FT1|1|T9||20260105|20260106|CG|99213^Visit^C4|||2|100.50&USD||DEP^Surgery||||||I10^Pressure^I10|D1^House',
    ]);
    expect(one<fhir4.ChargeItem>(made, 'ChargeItem')).toMatchObject({
      identifier: [{ value: 'T9' }],
      code: { coding: [{ code: '99213' }] },
      occurrenceDateTime: '2026-01-05',
      priceOverride: { currency: 'USD' },
      reason: [{ coding: [{ code: 'I10' }] }],
    });
  });

  test('a problem is resolved on its day, and one that was deleted was never true', () => {
    const problem = (action: string) =>
      one<fhir4.Condition>(
        read('PPR^PC1', [PID, `PRB|${action}|20260105|I10^Pressure^I10|7^X|||20250101||20260104|||||active`]),
        'Condition',
      );
    expect(problem('AD')).toMatchObject({
      clinicalStatus: { coding: [{ code: 'resolved' }] },
      abatementDateTime: '2026-01-04',
    });
    const deleted = problem('DE');
    expect(deleted.verificationStatus?.coding?.[0]?.code).toBe('entered-in-error');
    expect(deleted).not.toHaveProperty('clinicalStatus');
    expect(deleted.id).toBe(problem('AD').id);
  });

  test('an order that follows from a problem is one of its own, with its results', () => {
    const made = read('PPR^PC1', [
      PID,
      'PRB|AD|20260105|I10^Pressure^I10|7^X',
      'ORC|NW|P7|F7',
      'OBR|1|P8|F7|24331-1^Lipids^LN|||20260105|||||||||D1^House^Gregory',
      'OBX|1|TX|||not fasting||||||F',
    ]);
    const request = one<fhir4.ServiceRequest>(made, 'ServiceRequest');
    expect(request.identifier!.map(({ value }) => value)).toEqual(['P8', 'F7', 'P7']);
    expect(request).toMatchObject({
      reasonReference: [{ reference: `urn:uuid:${one<fhir4.Condition>(made, 'Condition').id}` }],
      requester: { display: 'Gregory House' },
    });
    // A line of text that does not say what it is stays one.
    expect(one<fhir4.Observation>(made, 'Observation')).toMatchObject({
      valueString: 'not fasting',
      basedOn: [{ reference: `urn:uuid:${request.id}` }],
    });
  });

  test('a goal comes with its own results and notes, and with the problem that it addresses', () => {
    const made = read('PGL^PC6', [
      PID,
      'GOL|AD|20260105|G1^Walk^L|GN1^X',
      'NTE|1||slowly',
      'OBX|1|NM|S^Steps^L||3000|/d|||||F',
      'PRB|AD|20260105|I10^Pressure^I10|7^X',
      'GOL|AD|20260105|G2^Eat^L|GN2^X',
      'OBX|1|NM|K^kcal^L||1800|kcal|||||F',
    ]);
    const [steps, calories] = all<fhir4.Observation>(made, 'Observation');
    const [walk, eat] = all<fhir4.Goal>(made, 'Goal');
    expect(steps).not.toHaveProperty('note');
    expect(walk).toMatchObject({
      note: [{ text: 'slowly' }],
      outcomeReference: [{ reference: `urn:uuid:${steps!.id}` }],
    });
    expect(eat!.outcomeReference).toEqual([{ reference: `urn:uuid:${calories!.id}` }]);
    expect(eat).not.toHaveProperty('addresses');
    expect(walk!.addresses).toEqual([{ reference: `urn:uuid:${one<fhir4.Condition>(made, 'Condition').id}` }]);
  });

  test('charges of several payers (P11) are all there', () => {
    const made = read('DFT^P11', [
      PID,
      'FT1|1|T1||20260105||CG|99213^Visit^C4',
      'DG1|1||I10^Pressure^I10',
      'IN1|1|A|1|Insurer',
      'FT1|2|T2||20260105||CG|99214^Visit^C4',
      'IN1|1|B|2|Other',
    ]);
    expect(all<fhir4.ChargeItem>(made, 'ChargeItem')).toHaveLength(2);
    expect(all<fhir4.Coverage>(made, 'Coverage')).toHaveLength(2);
    expect(all<fhir4.Condition>(made, 'Condition')).toHaveLength(1);
  });

  test('a charge comes with the order that it is for', () => {
    const made = read('DFT^P03', [
      PID,
      pv1(VISIT),
      'ORC|NW|P7',
      'OBR|1|P7||24331-1^Lipids^LN',
      'FT1|1|||20260105||CG|X',
    ]);
    expect(one<fhir4.ServiceRequest>(made, 'ServiceRequest').identifier).toMatchObject([{ value: 'P7' }]);
  });
});

describe('that there is no allergy', () => {
  test.each([
    ['AL1|1|DA|NKDA', '409137002'],
    ['AL1|1|DA|^NKDA', '409137002'],
    ['AL1|1|FA|^none', '429625007'],
    ['AL1|1||X^No known allergies^L', '716186003'],
    ['IAM|1|DA|^否认药物过敏史', '409137002'],
    ['IAM|1||无', '716186003'],
  ])('%s is no allergy of that name', (segment, code) => {
    const allergy = one<fhir4.AllergyIntolerance>(read('ADT^A08', [PID, segment]), 'AllergyIntolerance');
    expect(allergy.code!.coding![0]).toMatchObject({ system: 'http://snomed.info/sct', code });
  });
});

describe('what a visit and a person are known by', () => {
  test('codes in lower case are meant, and stay beside as they came; a surname has its parts', () => {
    const made = read('ADT^A01', ['PID|1||P1^^^H^MR||van Berg&van&Berg&de&Vries^Jane|||f', 'PV1|1|i']);
    const patient = one<fhir4.Patient>(made, 'Patient');
    expect(patient.gender).toBe('female');
    expect(JSON.stringify(patient._gender)).toContain('"f"');
    expect(
      patient.name![0]!._family!.extension!.map(({ url, valueString }) => [
        url.split('-').slice(1).join('-'),
        valueString,
      ]),
    ).toEqual([
      ['own-prefix', 'van'],
      ['own-name', 'Berg'],
      ['partner-prefix', 'de'],
      ['partner-name', 'Vries'],
    ]);
    expect(one<fhir4.Encounter>(made, 'Encounter').class.code).toBe('IMP');
  });

  test('a visit without a number is one by its account, also in later messages', () => {
    const ids = ['A01', 'A08'].map(
      (event) =>
        one<fhir4.Encounter>(
          read(`ADT^${event}`, [`${PID}${'|'.repeat(10)}ACC1`, 'PV1|1|I'], `2026010${event[2]}`),
          'Encounter',
        ).id,
    );
    expect(ids[0]).toBe(ids[1]);
  });

  test('a change of class keeps the former number of the visit', () => {
    const visit = one<fhir4.Encounter>(read('ADT^A06', [PID, 'MRG|P1||||V0', pv1(VISIT)]), 'Encounter');
    expect(visit.identifier!.map(({ value, use }) => [value, use])).toEqual([
      ['V1', undefined],
      ['V0', 'old'],
    ]);
  });

  test('a visit without a class is one by its number', () => {
    const visit = one<fhir4.Encounter>(read('ADT^A01', [PID, `PV1|1|${'|'.repeat(17)}V9`]), 'Encounter');
    expect(visit).toMatchObject({ identifier: [{ value: 'V9' }], class: { extension: [{ valueCode: 'unknown' }] } });
  });

  test('a race of the sender stays its code; a county without an address line joins the only address', () => {
    const patient = one<fhir4.Patient>(
      read('ADT^A08', ['PID|1||P1^^^H^MR||Li^Na|||||W^White^L|1 Way^^Springfield|Lake']),
      'Patient',
    );
    expect(patient.address).toMatchObject([{ city: 'Springfield', district: 'Lake' }]);
    expect(patient.extension).toContainEqual({
      url: 'urn:dhc:extension:race',
      valueCodeableConcept: expect.objectContaining({ coding: [expect.objectContaining({ code: 'W' })] }),
    });
  });
});

test('a Z segment becomes what its value says, by an overlay', () => {
  const overlay = `map: own
version: 1.0.0
extends: standard/hl7v2/adt-a01
resources:
  - AllergyIntolerance: zAllergy
    each: $ZAL[*]
    if: $ZAL-1 = A
    key: [!owner , $ZAL-2]
    clinicalStatus: !code { system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', value: active }
    code: { text: $ZAL-2 }
    patient: !ref patient
  - Flag: zFlag
    each: $ZAL[*]
    if: $ZAL-1 = F
    key: [!owner , flag, $ZAL-2]
    status: active
    code: { text: $ZAL-2 }
    subject: !ref patient
`;
  const map = compileMap(overlay, 'own.yaml', {
    load: withStandard(() => {
      throw new Error('no file');
    }),
  });
  const made = read('ADT^A08', [PID, 'ZAL|A|Latex', 'ZAL|F|Falls'], undefined, { map });
  expect(one<fhir4.AllergyIntolerance>(made, 'AllergyIntolerance').code?.text).toBe('Latex');
  expect(one<fhir4.Flag>(made, 'Flag').code.text).toBe('Falls');
});
