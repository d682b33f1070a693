import { expect, test } from 'vitest';
import { isUcum } from '../terminology/ucum.ts';
import { settled as settledOf } from './index.ts';

const V2 = 'http://terminology.hl7.org/CodeSystem/v2-';
const UCUM = 'http://unitsofmeasure.org';

function settled<T>(value: T): { value: T; told: string[] } {
  const told: string[] = [];
  const before = structuredClone(value);
  const made = settledOf(value, 'h', {
    code: (system, code) => told.push(`${system}|${code}`),
    note: () => told.push('note'),
  });
  expect(value).toEqual(before);
  return { value: made as T, told };
}

test('a code that its table does not have is kept as a code of the hospital, and told', () => {
  expect(settled({ type: [{ coding: [{ system: `${V2}0203`, code: 'NNCHN', display: '身份证' }] }] })).toEqual({
    value: { type: [{ coding: [{ system: 'urn:dhc:h:table:0203', code: 'NNCHN', display: '身份证' }] }] },
    told: ['urn:dhc:h:table:0203|NNCHN'],
  });
});

test.each([
  { system: `${V2}0203`, code: 'MR' },
  { system: `${V2}9999`, code: 'of a table that R4 does not list' },
  { system: 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus', code: 'M' },
  { system: 'http://loinc.org', code: '718-7' },
  { system: 'urn:oid:1.2.3.4', code: 'x' },
  { value: 1, unit: '次/分', system: UCUM, code: '{beats}/min' },
  { value: 1, unit: 'g/L' },
])('%j stays as it is', (value) => {
  expect(settled(structuredClone(value))).toEqual({ value, told: [] });
});

test('a unit that is no UCUM is text', () => {
  expect(settled({ value: 1, unit: '次/分', system: UCUM, code: '次/分' }).value).toEqual({ value: 1, unit: '次/分' });
  expect(settled({ value: 1, system: UCUM, code: '10^9/l.' }).value).toEqual({ value: 1, unit: '10^9/l.' });
  expect(settled({ system: UCUM, code: 'cells' }).value).toEqual({
    system: 'urn:dhc:h:code-system:UCUM',
    code: 'cells',
  });
});

test.each([
  ['2026-01-05', '2026-01-05'],
  ['2026', '2027-01-05'],
  ['2026-01-05T08:00:00+08:00', '2026-01-05T08:00:00+08:00'],
  ['2026-01-05T08:00:00+08:00', '2026-01-07'],
])('a period from %s to %s stays', (start, end) => {
  expect(settled({ period: { start, end } })).toEqual({ value: { period: { start, end } }, told: [] });
});

// HAPI takes none of these for a period: it compares what they share, after taking both to UTC.
test.each([
  ['2026-01-05', '2026-01-04'],
  ['2026-01-05T08:00:00+08:00', '2026-01-05'],
  ['2026-01-05', '2026-01-05T08:00:00+08:00'],
  ['2026', '2026-05'],
  ['2026-01-05T23:30:00-08:00', '2026-01-06'],
  ['2026-01-04', '2026-01-05T02:30:00+08:00'],
  ['2026-01-05T08:00:01+08:00', '2026-01-05T08:00:00+08:00'],
  ['2026-01-05T08:00:60+08:00', '2026-01-05T08:00:00+08:00'],
])('a period from %s to %s keeps its end beside it', (start, end) => {
  expect(settled({ period: { start, end } })).toEqual({
    value: {
      period: { start, _end: { extension: [{ url: 'urn:dhc:extension:end-as-sent', valueDateTime: end }] } },
    },
    told: ['note'],
  });
});

test('a currency that does not exist stands beside the amount', () => {
  const sent = { valueMoney: { value: 3, currency: '元' }, other: { value: 3, currency: 'CNY' } };
  const extension = [{ url: 'urn:dhc:extension:currency-as-sent', valueString: '元' }];
  expect(settled(structuredClone(sent))).toEqual({
    value: { ...sent, valueMoney: { value: 3, _currency: { extension } } },
    told: ['note'],
  });
});

test('a contact without a name has one that is not known', () => {
  const contact = [{ gender: 'male' }, { name: { text: '王' } }];
  const { value } = settled({ resourceType: 'Patient', contact });
  expect(value.contact).toEqual([
    {
      gender: 'male',
      name: {
        extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }],
      },
    },
    { name: { text: '王' } },
  ]);
});

test('an upper bound below the lower one stands beside the range', () => {
  const [low, high] = [{ value: 5 }, { value: 3, unit: 'mg' }];
  expect(settled({ doseRange: { low, high } }).value).toEqual({
    doseRange: { low, extension: [{ url: 'urn:dhc:extension:high-as-sent', valueQuantity: high }] },
  });
  expect(settled({ doseRange: { low: high, high: low } }).told).toEqual([]);
});

test('details of an order without a code are of one that is not known', () => {
  const { value } = settled({ resourceType: 'ServiceRequest', orderDetail: [{ text: 'x' }] } as Record<
    string,
    unknown
  >);
  expect(value.code).toEqual({
    extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }],
  });
});

test('an organization has a number or a name, if one that is not known', () => {
  const named = (organization: object) => '_name' in settled({ resourceType: 'Organization', ...organization }).value;
  expect([{}, { name: '晨光' }, { identifier: [{ value: '1' }] }].map(named)).toEqual([true, false, false]);
});

test('somebody has done what a Provenance tells of', () => {
  const { value } = settled({ resourceType: 'Provenance' } as Record<string, unknown>);
  expect(value.agent).toMatchObject([{ who: { extension: [{ valueCode: 'unknown' }] } }]);
});

test('an organization lives nowhere', () => {
  const homes = { telecom: [{ value: '1', use: 'home' }], address: [{ city: '北京', use: 'home' }, { use: 'work' }] };
  expect(settled({ resourceType: 'Organization', name: '晨光', ...structuredClone(homes) })).toEqual({
    value: {
      resourceType: 'Organization',
      name: '晨光',
      telecom: [{ value: '1' }],
      address: [{ city: '北京' }, { use: 'work' }],
    },
    told: ['note', 'note'],
  });
  expect(settled({ resourceType: 'Patient', ...structuredClone(homes) }).told).toEqual([]);
});

// Judged the same by ucum-java 1.0.9, with 69,000 texts made of atoms, prefixes and operators.
test.each(
  "mmol/L 10*9/L 10^9/L /uL {cells}/uL mm[Hg] [in_i'H2O] m/s2 kg.m/s2 umol/(min.g) % 1/min 10.L/(min.m2) g{creat} [iU]/mL ug/dL B[10.nV]".split(
    ' ',
  ),
)('%s is UCUM', (text) => expect(isUcum(text)).toBe(true));

test.each([
  '',
  ' ',
  'mmol/l ',
  'mm Hg',
  'x10^9/L',
  '次/分',
  'mmol//L',
  'g/',
  '(g/L',
  'g)',
  'g{x',
  'kmin',
  'IU/L',
  'sec',
  'g{a{b}}',
  `${'('.repeat(5000)}g`,
  'g.'.repeat(5000),
])('%j is none', (text) => expect(isUcum(text)).toBe(false));
