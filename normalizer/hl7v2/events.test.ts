import { describe, expect, test } from 'vitest';
import type { Normalized, Rejected } from '../../core/types.ts';
import { normalize } from '../index.ts';

const CONTEXT = {
  hospital: { id: 'chenguang', name: '晨光医院', timezone: 'Asia/Shanghai' },
  feed: 'test',
  receivedAt: '2026-03-01T00:00:00Z',
};

function run(event: string, lines: readonly string[]): Normalized | Rejected {
  const head = `MSH|^~\\&|HIS|CG|DHC|CG|20260105083000+0800||${event}|1|P|2.5.1||||||UNICODE UTF-8`;
  const bytes = new TextEncoder().encode([head, ...lines].join('\r'));
  return normalize({ kind: 'hl7v2', sourceKey: 'k', bytes }, CONTEXT);
}

function read(event: string, ...lines: string[]): Normalized {
  const made = run(event, ['PID|1||CG1^^^^MR', ...lines]);
  if (made.status === 'rejected') throw new Error(JSON.stringify(made.issues));
  return made;
}

function all<T extends fhir4.FhirResource>(made: Normalized, type: T['resourceType']): (T & { fullUrl: string })[] {
  return (made.bundle.entry ?? []).flatMap(({ fullUrl, resource }) =>
    resource?.resourceType === type ? [{ ...(resource as T), fullUrl: fullUrl! }] : [],
  );
}

/** A segment by its fields: `fields('RXA', { 3: '20260105', 20: 'CP' })`. */
function fields(name: string, byNumber: Readonly<Record<number, string>>): string {
  const last = Math.max(...Object.keys(byNumber).map(Number));
  return [name, ...Array.from({ length: last }, (_, index) => byNumber[index + 1] ?? '')].join('|');
}

describe('VXU', () => {
  const given = (more: Readonly<Record<number, string>>, ...lines: string[]) =>
    read('VXU^V04', 'ORC|RE||F1', fields('RXA', { 3: '20260105', 5: '03^MMR^CVX', ...more }), ...lines);
  const vaccination = (more: Readonly<Record<number, string>>) =>
    all<fhir4.Immunization>(given(more), 'Immunization')[0]!;

  test.each(['998', '999'])('%s says that the amount is not known', (amount) => {
    expect(vaccination({ 6: amount })).not.toHaveProperty('doseQuantity');
  });

  test('an amount keeps its unit', () => {
    expect(vaccination({ 6: '0.5', 7: 'mL' }).doseQuantity).toMatchObject({ value: 0.5, unit: 'mL' });
  });

  test('a refused vaccine was not given, and why stays as it was said', () => {
    const refused = vaccination({ 18: '00^Parental decision^NIP002', 20: 'RE' });
    expect(refused.status).toBe('not-done');
    const codes = refused.statusReason!.coding!.map(({ code }) => code);
    expect(codes).toEqual(['PATOBJ', '00']);
    expect(vaccination({ 18: '00^Parental decision^NIP002' }).status).toBe('not-done');
  });

  test('one without its code has that of its vaccine type, and the annotation of who gave it', () => {
    const [made] = all<fhir4.Immunization>(
      given(
        { 5: '' },
        'OBX|1|CE|30956-7^vaccine type^LN||107^DTAP^CVX',
        'OBX|2|TX|48767-8^Annotation^LN||left arm was sore',
      ),
      'Immunization',
    );
    expect(made!.vaccineCode.coding![0]).toMatchObject({ code: '107', display: 'DTAP' });
    expect(made!.note).toEqual([{ text: 'left arm was sore' }]);
  });

  test('an entry that was deleted is one in error', () => {
    expect(vaccination({ 20: 'CP', 21: 'D' }).status).toBe('entered-in-error');
  });

  test('eligibility and dose number are of the vaccination that their OBX follow, and results as well', () => {
    const made = read(
      'VXU^V04',
      'ORC|RE||F1',
      fields('RXA', { 3: '20260105', 5: '03^MMR^CVX' }),
      'OBX|1|CE|64994-7^Eligibility^LN|1|V02^Medicaid^HL70064',
      'OBX|2|NM|30973-2^Dose number^LN|1|2',
      'ORC|RE||F2',
      fields('RXA', { 3: '20260105', 5: '21^Varicella^CVX' }),
    );
    const [first, second] = all<fhir4.Immunization>(made, 'Immunization');
    expect(first!.programEligibility![0]!.coding![0]!.code).toBe('V02');
    expect(first!.protocolApplied).toEqual([{ doseNumberPositiveInt: 2 }]);
    expect(second).not.toHaveProperty('programEligibility');
    const parts = all<fhir4.Observation>(made, 'Observation').map(({ partOf }) => partOf![0]!.reference);
    expect(parts).toEqual([first!.fullUrl, first!.fullUrl]);
  });
});

test('information that was given is of the vaccine with its sub-id', () => {
  const made = read(
    'VXU^V04',
    'ORC|RE||F1',
    fields('RXA', { 3: '20260105', 5: '107^DTAP^CVX' }),
    'OBX|1|CE|30963-3^Funding^LN|1|VXC2^State funds^CDCPHINVS',
    'OBX|2|CE|30956-7^Vaccine type^LN|2|107^DTAP^CVX',
    'OBX|3|TS|29768-9^VIS published^LN|2|20070517',
    'OBX|4|TS|29769-7^VIS presented^LN|2|20260105',
    'OBX|5|CE|30956-7^Vaccine type^LN|3|48^HIB^CVX',
    'OBX|6|TS|29768-9^VIS published^LN|3|19981216',
  );
  const [vaccination] = all<fhir4.Immunization>(made, 'Immunization');
  expect(vaccination!.fundingSource!.coding![0]!.code).toBe('VXC2');
  expect(vaccination!.education).toEqual([
    { documentType: 'DTAP', publicationDate: '2007-05-17', presentationDate: '2026-01-05' },
    { documentType: 'HIB', publicationDate: '1998-12-16' },
  ]);
});

describe('medication', () => {
  test('what was asked for is not what the pharmacy made of it', () => {
    const made = read(
      'RDE^O11',
      'ORC|NW|R1',
      'RXO|A^Drug A^L|1||mg||^before meals',
      'RXR|PO',
      'RXE||B^Drug B^L|2||mg||^at night',
      'RXR|IV',
      'ORC|NW|R2',
      'RXE||C^Drug C^L|3||mg',
    );
    const orders = all<fhir4.MedicationRequest>(made, 'MedicationRequest').map(
      ({ intent, medicationCodeableConcept, dosageInstruction }) => [
        intent,
        medicationCodeableConcept!.text,
        dosageInstruction![0]!.doseAndRate![0]!.doseQuantity!.value,
        dosageInstruction![0]!.route?.coding?.[0]?.code,
        dosageInstruction![0]!.text,
      ],
    );
    expect(JSON.parse(JSON.stringify(orders))).toEqual([
      ['original-order', 'Drug A', 1, 'PO', 'before meals'],
      ['order', 'Drug B', 2, 'IV', 'at night'],
      ['order', 'Drug C', 3, null, null],
    ]);
  });

  test('what is asked for, encoded and dispensed are one chain', () => {
    const made = read(
      'RDS^O13',
      'ORC|RE|P1|F1',
      'RXO|A^Amoxicillin^L|250||mg',
      'RXE|1|A^Amoxicillin^L|500||mg',
      'RXR|PO^Oral^HL70162',
      fields('RXD', { 1: '1', 2: 'A^Amoxicillin^L', 3: '20260105', 4: '20', 5: 'TAB', 7: 'RX7', 18: 'LOT9' }),
    );
    const requests = all<fhir4.MedicationRequest>(made, 'MedicationRequest');
    expect(requests.map(({ intent }) => intent)).toEqual(['original-order', 'order']);
    expect(requests[1]!.basedOn![0]!.reference).toBe(requests[0]!.fullUrl);
    const doses = requests.map(({ dosageInstruction }) => dosageInstruction![0]!.doseAndRate![0]!.doseQuantity!.value);
    expect(doses).toEqual([250, 500]);
    const [dispense] = all<fhir4.MedicationDispense>(made, 'MedicationDispense');
    expect(dispense!.authorizingPrescription![0]!.reference).toBe(requests[1]!.fullUrl);
    expect(dispense!.quantity).toMatchObject({ value: 20, unit: 'TAB' });
    const medication = all<fhir4.Medication>(made, 'Medication').find(({ batch }) => batch);
    expect([medication!.batch!.lotNumber, medication!.fullUrl]).toEqual([
      'LOT9',
      dispense!.supportingInformation![0]!.reference,
    ]);
  });

  test('components are ingredients of what they make', () => {
    const made = read(
      'RDE^O11',
      'ORC|NW|P1',
      'RXE|1|M^Mixture^L|1||BAG',
      'RXC|B|D5^Dextrose^L|500|mL',
      'RXC|A|K^Potassium^L|20|meq',
    );
    const [medication] = all<fhir4.Medication>(made, 'Medication');
    const seen = medication!.ingredient!.map((one) => [
      one.itemCodeableConcept!.coding![0]!.code,
      one.isActive,
      one.strength!.numerator!.value,
    ]);
    expect(seen).toEqual([
      ['D5', false, 500],
      ['K', true, 20],
    ]);
  });

  test('an order of medication in ORM is no order of an observation', () => {
    const made = read('ORM^O01', 'ORC|NW|P1', 'RXO|A^Amoxicillin^L|500||mg', 'ORC|NW|P2', 'OBR|1|P2||T^Test^L');
    expect(all(made, 'MedicationRequest')).toHaveLength(1);
    expect(all<fhir4.ServiceRequest>(made, 'ServiceRequest').map(({ code }) => code!.text)).toEqual(['Test']);
  });
});

describe('MDM', () => {
  const document = (event: string, ...lines: string[]) =>
    all<fhir4.DocumentReference>(
      read(`MDM^${event}`, fields('TXA', { 2: 'DS', 12: 'D1', 13: 'D0', 17: 'AU' }), ...lines),
      'DocumentReference',
    )[0]!;
  const text = (data: string) => Buffer.from(data, 'base64').toString('utf8');

  test('text and a file are two contents; repetitions of text are its lines', () => {
    const { content } = document(
      'T02',
      'OBX|1|TX|R^Report^L||one~two',
      'OBX|2|ED|F^File^L||^application^pdf^Base64^JVBERi0x',
    );
    expect(content.map(({ attachment }) => [attachment.contentType, text(attachment.data!)])).toEqual([
      ['text/plain', 'one\ntwo'],
      ['application/pdf', '%PDF-1'],
    ]);
  });

  test.each([
    ['T02', 'current', 'replaces'],
    ['T05', 'current', 'appends'],
    ['T11', 'entered-in-error', 'replaces'],
  ])('%s: %s, %s what stood before', (event, status, code) => {
    const made = document(event);
    expect([made.status, made.relatesTo![0]!.code]).toEqual([status, code]);
  });
});

describe('SIU', () => {
  const booked = (event: string, ...lines: string[]) =>
    all<fhir4.Appointment>(read(`SIU^${event}`, ...lines), 'Appointment')[0]!;
  const [PLAIN, EXACT] = ['', '^^^20260120093000^20260120100000'].map((time) =>
    fields('SCH', { 1: 'A1', 11: time, 25: 'Booked' }),
  ) as [string, string];

  test('without an exact time it is proposed, as R4 demands', () => {
    expect(booked('S12', PLAIN)).toMatchObject({ status: 'proposed' });
  });

  test.each([
    ['S12', 'booked'],
    ['S15', 'cancelled'],
    ['S17', 'entered-in-error'],
    ['S26', 'noshow'],
  ])('%s is %s', (event, status) => {
    expect(booked(event, EXACT)).toMatchObject({ status, start: '2026-01-20T09:30:00+08:00' });
  });

  test('a time to the minute is one', () => {
    const made = booked('S12', PLAIN, fields('TQ1', { 7: '202601200930', 8: '20260120100000.000' }));
    expect(made).toMatchObject({
      status: 'booked',
      start: '2026-01-20T09:30:00+08:00',
      end: '2026-01-20T10:00:00.000+08:00',
    });
  });

  test('the time stands in TQ1 since v2.5', () => {
    expect(booked('S12', PLAIN, fields('TQ1', { 7: '20260120093000', 8: '20260120100000' }))).toMatchObject({
      status: 'booked',
      end: '2026-01-20T10:00:00+08:00',
    });
  });

  test('people, places and things take part; a note stays with what it follows', () => {
    const made = booked(
      'S12',
      EXACT,
      'NTE|1||of all',
      'RGS|1',
      'AIG|1||E1^Scope^L',
      'NTE|1||of it',
      'AIL|1||R1^101',
      'AIP|1||D1^Lin',
    );
    expect(made.participant).toHaveLength(4);
    expect(made.comment).toBe('of all');
  });
});

describe('MFN^M02', () => {
  test('staff are practitioners, known by the number that messages name; who left is inactive', () => {
    const made = run('MFN^M02', [
      'MFI|PRA||UPD',
      'MFE|MUP|1||D1',
      'STF|D1|D1^^^CG&1.2.3&ISO|林^涛||M||A|IM^内科^L',
      'MFE|MDL|2||D2',
      'STF|D2|D2^^^CG&1.2.3&ISO|王^芳',
    ]) as Normalized;
    const people = all<fhir4.Practitioner>(made, 'Practitioner');
    expect(made.patient).toBeNull();
    expect(people.map(({ active, identifier }) => [identifier![0]!.value, active])).toEqual([
      ['D1', true],
      ['D2', false],
    ]);
    const order = read(
      'ORM^O01',
      `${fields('ORC', { 1: 'NW', 2: 'P1', 12: 'D1^林^涛^^^^^^CG&1.2.3&ISO' })}`,
      'OBR|1|P1||T',
    );
    expect(all<fhir4.Practitioner>(order, 'Practitioner').map(({ id }) => id)).toEqual([people[0]!.id]);
  });
});

test.each([
  ['QRY^A19', 'QRY^A19'],
  ['ADT^A20', 'ADT^A20'],
  ['secret^value', 'this type and event'],
])('%s is refused, and named only where it is an event of the standard', (event, named) => {
  const made = run(event, ['PID|1||CG1']) as Rejected;
  expect(made.code).toBe('item.unsupported');
  expect(made.issues[0]!.detail).toContain(named);
  expect(JSON.stringify(made)).not.toContain('secret');
});
