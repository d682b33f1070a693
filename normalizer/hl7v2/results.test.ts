import { describe, expect, test } from 'vitest';
import type { Normalized } from '../../core/types.ts';
import { normalize } from '../index.ts';

const CONTEXT = {
  hospital: { id: 'chenguang', name: '晨光医院', timezone: 'Asia/Shanghai' },
  feed: 'test',
  receivedAt: '2026-03-01T00:00:00Z',
};

function read(event: string, lines: readonly string[]): Normalized {
  const head = `MSH|^~\\&|LIS|CG|DHC|CG|20260105083000+0800||${event}|1|P|2.5.1||||||UNICODE UTF-8\rPID|1||CG1^^^^MR`;
  const bytes = new TextEncoder().encode([head, ...lines].join('\r'));
  const made = normalize({ kind: 'hl7v2', sourceKey: 'k', bytes }, CONTEXT);
  if (made.status === 'rejected') throw new Error(JSON.stringify(made.issues));
  return made;
}

function all<T extends fhir4.FhirResource>(made: Normalized, type: T['resourceType']): (T & { fullUrl: string })[] {
  return (made.bundle.entry ?? []).flatMap(({ fullUrl, resource }) =>
    resource?.resourceType === type ? [{ ...(resource as T), fullUrl: fullUrl! }] : [],
  );
}

const results = (...lines: string[]) => all<fhir4.Observation>(read('ORU^R01', lines), 'Observation');
/** A segment by its fields: `fields('OBR', { 3: 'F1', 4: 'T' })`. */
function fields(name: string, byNumber: Readonly<Record<number, string>>): string {
  const last = Math.max(...Object.keys(byNumber).map(Number));
  return [name, ...Array.from({ length: last }, (_, index) => byNumber[index + 1] ?? '')].join('|');
}

describe('the value of a result', () => {
  const value = (type: string, text: string, unit = '') => {
    const [made] = results('OBR|1||F1|T', `OBX|1|${type}|C^Code^L||${text}|${unit}|||||F`);
    return Object.fromEntries(Object.entries(made!).filter(([key]) => /^value|^component/.test(key)));
  };

  test.each([
    ['SN', '^1^:^128', { valueRatio: { numerator: { value: 1 }, denominator: { value: 128 } } }],
    ['SN', '>^100', { valueQuantity: { value: 100, comparator: '>' } }],
    ['SN', '^10^-^20', { valueRange: { low: { value: 10 }, high: { value: 20 } } }],
    ['SN', '^1^+', { valueString: '1+' }],
    ['NR', '1.50^5', { valueRange: { high: { value: 5 } } }],
    ['NR', '5^1', { valueString: '5^1' }],
    ['DR', '20260101^20260102', { valuePeriod: { start: '2026-01-01', end: '2026-01-02' } }],
    ['DR', '20260102^20260101', { valueString: '20260102^20260101' }],
    ['CWE', '^nur Text', { valueCodeableConcept: { text: 'nur Text' } }],
    ['TM', '0830', { valueTime: '08:30:00' }],
    ['NA', '1^2^3', { valueString: '1^2^3' }],
    ['CX', '12^^^A', { valueString: '12^^^A' }],
    ['NM', '""', {}],
  ])('%s %s', (type, text, expected) => {
    const made = value(type, text);
    if (Object.keys(expected).length === 0) expect(made).toEqual({});
    else expect(made).toMatchObject(expected);
  });

  test('three repetitions of a number are three components, in their order', () => {
    const { component } = value('NM', '1~2~3') as Pick<fhir4.Observation, 'component'>;
    expect(component!.map(({ valueQuantity }) => valueQuantity!.value)).toEqual([1, 2, 3]);
  });
});

describe('what a result is of', () => {
  test('the same code with other sub-ids is other results; a correction is the same result', () => {
    const lines = ['OBR|1||F1|T', 'OBX|1|NM|C||1||||||F', 'OBX|2|NM|C|1.1|2||||||F', 'OBX|3|NM|C|1.2|3||||||F'];
    const first = results(...lines).map(({ id }) => id);
    expect(new Set(first).size).toBe(3);
    const corrected = results('OBR|1||F1|T', 'OBX|1|NM|C|1.2|4||||||C');
    expect([corrected[0]!.id, corrected[0]!.status]).toEqual([first[2], 'corrected']);
  });

  test.each([
    ['A', 'amended'],
    ['C', 'corrected'],
    ['D', 'entered-in-error'],
    ['F', 'final'],
    ['I', 'registered'],
    ['O', 'registered'],
    ['P', 'preliminary'],
    ['R', 'preliminary'],
    ['S', 'preliminary'],
    ['W', 'entered-in-error'],
    ['X', 'cancelled'],
    ['N', 'unknown'],
    ['U', 'unknown'],
    ['', 'unknown'],
  ])('OBX-11 %s is %s', (code, status) => {
    expect(results('OBR|1||F1|T', `OBX|1|NM|C||1||||||${code}`)[0]!.status).toBe(status);
  });

  test('its own time outranks that of the order', () => {
    const order = fields('OBR', { 3: 'F1', 4: 'T', 7: '20260104' });
    const [own, other] = results(order, fields('OBX', { 2: 'NM', 3: 'A', 5: '1', 14: '20260103' }), 'OBX|2|NM|B||2');
    expect([own!.effectiveDateTime, other!.effectiveDateTime]).toEqual(['2026-01-03', '2026-01-04']);
  });

  test('all flags of OBX-8', () => {
    const [made] = results('OBR|1||F1|T', 'OBX|1|NM|C||1|||H~A');
    expect(made!.interpretation!.map(({ coding }) => coding![0]!.code)).toEqual(['H', 'A']);
  });

  test('a susceptibility is derived from the organism that its order names as parent', () => {
    const made = results(
      'OBR|1||F2|CULT',
      'OBX|1|CWE|600-7^Bacteria^LN|1|3092008^Staphylococcus aureus^SCT',
      'OBX|2|CWE|600-7^Bacteria^LN|2|112283007^Escherichia coli^SCT',
      fields('OBR', { 3: 'F3', 4: 'SUSC', 26: '600-7&Bacteria&LN^2^E. coli', 29: '^F2' }),
      'OBX|1|SN|20-8^Amoxicillin^LN||<^0.50|ug/mL',
    );
    const named = made.find(({ fullUrl }) => fullUrl === made[2]!.derivedFrom?.[0]?.reference);
    expect(named?.valueCodeableConcept?.text).toBe('Escherichia coli');
  });
});

describe('results of the person, not of an order', () => {
  test('who orders collects no specimen and is no device', () => {
    const made = read('ORU^R01', [
      'OBR|1||F1|T',
      'PRT||AD||OP|D2^Wilson|||||DEV1',
      'OBX|1|NM|A^a^L||1',
      'SPM|1|^S1||BLD',
    ]);
    expect(all<fhir4.Specimen>(made, 'Specimen')[0]).not.toHaveProperty('collection');
    expect(all<fhir4.Observation>(made, 'Observation')[0]).not.toHaveProperty('device');
  });

  test('who takes part in the visit takes no part in a result', () => {
    const made = read('ORU^R01', [
      'OBX|1|NM|W^Weight^L||80|kg|||||F',
      'PV1|1|I',
      'PRT||AD||AD|D1^House',
      'OBR|1||F1|T',
    ]);
    expect(all<fhir4.Encounter>(made, 'Encounter')[0]!.participant).toMatchObject([
      { type: [{ coding: [{ code: 'AD' }] }] },
    ]);
    expect(all<fhir4.Observation>(made, 'Observation')[0]).not.toHaveProperty('performer');
  });

  test('a note is of the one that it follows', () => {
    const made = read('ORU^R01', [
      'NTE|1||of the person',
      'OBX|1|NM|W^Weight^L||80|kg|||||F',
      'NTE|1||of the weight',
      'OBX|2|NM|H^Height^L||180|cm|||||F',
      'OBR|1||F1|T',
      'OBX|1|NM|A^a^L||1',
    ]);
    expect(all<fhir4.Observation>(made, 'Observation').map(({ note }) => note?.map(({ text }) => text))).toEqual([
      undefined,
      ['of the weight'],
      undefined,
    ]);
  });
});

describe('documents within results', () => {
  const report = (...lines: string[]) => {
    const made = read('ORU^R01', ['OBR|1||F1|T', ...lines]);
    return { made, forms: all<fhir4.DiagnosticReport>(made, 'DiagnosticReport')[0]!.presentedForm };
  };

  test('white space in Base64 is none of its content', () => {
    expect(report('OBX|1|ED|P^Report^L||^application^pdf^Base64^JVBE Ri0x').forms).toEqual([
      { contentType: 'application/pdf', data: 'JVBERi0x', title: 'Report' },
    ]);
  });

  test('content that is no Base64 is told with its place, and no text of a result', () => {
    const { made, forms } = report('OBX|1|ED|P^Report^L||^application^pdf^Base64^@@@');
    expect(forms).toBeUndefined();
    expect(made.issues.map(({ code, path }) => [code, path])).toEqual([['field.invalid', 'OBX-5']]);
    expect(all<fhir4.Observation>(made, 'Observation')[0]).not.toHaveProperty('valueString');
  });

  test.each([
    ['application^msword', 'application/msword'],
    ['Image^Dicom', 'image/dicom'],
    ['multipart^-hl7-cda-level-one', 'multipart/x-hl7-cda-level-one'],
    ['NS^XX', 'application/octet-stream'],
  ])('a document of %s is %s', (type, contentType) => {
    expect(report(`OBX|1|ED|P^Report^L||^${type}^Base64^JVBERi0x`).forms).toMatchObject([{ contentType }]);
  });

  test('a pointer stays one, in the report and in the result', () => {
    const { made, forms } = report('OBX|1|RP|P^Image^L||https://pacs.example/1^^image^jpeg');
    expect(forms).toEqual([{ contentType: 'image/jpeg', url: 'https://pacs.example/1', title: 'Image' }]);
    expect(all<fhir4.Observation>(made, 'Observation')[0]!.extension![0]!.valueAttachment!.url).toBe(
      'https://pacs.example/1',
    );
  });
});

describe('orders and their results meet', () => {
  const request = (event: string, ...lines: string[]) =>
    all<fhir4.ServiceRequest>(read(event, lines), 'ServiceRequest');

  test("by the placer's number, which an order has before there is a filler's", () => {
    const [ordered] = request('ORM^O01', 'ORC|NW|P1', 'OBR|1|P1||T^Test^L');
    const [resulted] = request('ORU^R01', 'ORC|RE|P1|F1', 'OBR|1|P1|F1|T^Test^L');
    expect(resulted!.id).toBe(ordered!.id);
    expect(ordered!.status).toBe('active');
  });

  test('each order has its own ORC, also where one has none', () => {
    const made = request(
      'ORM^O01',
      'ORC|NW|P1',
      'OBR|1|P1||A',
      'ORC|CA|P2',
      'OBR|2|P2||B',
      'OBR|3|P3||C',
      'ORC|NW|P4',
      'OBR|4|P4||D',
    );
    expect(made.map(({ code, status }) => [code?.coding?.[0]?.code, status])).toEqual([
      ['A', 'active'],
      ['B', 'revoked'],
      ['C', 'unknown'],
      ['D', 'active'],
    ]);
  });

  test('specimens that hold orders (OML^O33)', () => {
    const made = read('OML^O33', [
      'SPM|1|S1||BLD',
      'ORC|NW|P1',
      'OBR|1|P1||A',
      'ORC|NW|P2',
      'OBR|2|P2||B',
      'SPM|2|S2||UR',
      'ORC|NW|P3',
      'OBR|3|P3||C',
    ]);
    const specimens = new Map(
      all<fhir4.Specimen>(made, 'Specimen').map((one) => [one.fullUrl, one.identifier![0]!.value]),
    );
    const seen = all<fhir4.ServiceRequest>(made, 'ServiceRequest').map((one) => [
      one.code!.coding![0]!.code,
      specimens.get(one.specimen![0]!.reference!),
    ]);
    expect(seen).toEqual([
      ['A', 'S1'],
      ['B', 'S1'],
      ['C', 'S2'],
    ]);
  });
});

test('the kind of a number that is no code as it was sent does not cost the message', () => {
  const bytes = Buffer.from(
    'MSH|^~\\&|LIS|CG|DHC|CG|20260105083000+0800||ADT^A01|A1|P|2.5\rPID|1||CG1^^^CG^MR||张^伟\r' +
      'PV1|1|I|||||D1^林^涛^^^^^^CG^^^^N  PI\r',
  );
  const made = normalize(
    { kind: 'hl7v2', sourceKey: 'm', bytes },
    { hospital: { id: 'h', name: 'h', timezone: 'Asia/Shanghai' }, feed: 'f', receivedAt: '' },
  );
  if (made.status === 'rejected') throw new Error(made.code);
  const all = made.bundle.entry!.map(({ resource }) => resource as fhir4.Practitioner);
  const kinds = all.flatMap(({ resourceType, identifier }) =>
    resourceType === 'Practitioner' ? (identifier?.map(({ type }) => type?.coding?.[0]?.code) ?? []) : [],
  );
  expect(kinds).toEqual(['N PI']);
});
