import { describe, expect, test } from 'vitest';
import { canonicalJson, parseLossless } from '../../core/json.ts';
import { checkBundle } from './index.ts';
import { checkText } from './text.ts';

const patient = {
  resourceType: 'Patient',
  id: 'p1',
  identifier: [{ system: 'urn:oid:1.2.3', value: '1' }],
  name: [{ family: 'Okafor', given: ['Margaret'] }],
  gender: 'female',
  birthDate: '1953-10-01',
};
const observation = {
  resourceType: 'Observation',
  id: 'o1',
  status: 'final',
  code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
  subject: { reference: 'urn:uuid:00000000-0000-5000-8000-000000000001' },
  effectiveDateTime: '2026-01-05T09:30:00+08:00',
  valueQuantity: { value: 128, unit: 'g/L', system: 'http://unitsofmeasure.org', code: 'g/L' },
};
const encounter = {
  resourceType: 'Encounter',
  id: 'e1',
  status: 'finished',
  class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
};

type Json = Record<string, unknown>;

/** Errors of a collection of the Patient and one more resource. */
function errorsOf(resource: Json): string[] {
  const bundle = {
    resourceType: 'Bundle',
    type: 'collection',
    entry: [
      { fullUrl: 'urn:uuid:00000000-0000-5000-8000-000000000001', resource: patient },
      { fullUrl: 'urn:uuid:00000000-0000-5000-8000-000000000002', resource },
    ],
  };
  const text = canonicalJson(bundle);
  return checkBundle(parseLossless(text) as fhir4.Bundle, text)
    .filter((issue) => issue.severity === 'error')
    .map((issue) => `${issue.code} ${issue.path}`);
}

describe('sound resources pass', () => {
  test.each<[string, Json]>([
    ['Patient', patient],
    ['Observation', observation],
    ['Encounter', encounter],
    ['partial date', { ...patient, birthDate: '1953-10' }],
    ['leap day', { ...patient, birthDate: '2024-02-29' }],
    [
      'primitive extension',
      { ...patient, birthDate: undefined, _birthDate: { extension: [{ url: 'http://x', valueCode: 'unknown' }] } },
    ],
    ['null beside an extension', { ...patient, name: [{ given: ['A', null], _given: [null, { id: 'x' }] }] }],
    ['decimal with zeros', { ...observation, valueQuantity: { value: JSON.parse('1.50') } }],
    [
      'contained target',
      { ...observation, subject: { reference: '#c' }, contained: [{ resourceType: 'Patient', id: 'c' }] },
    ],
    ['logical reference', { ...observation, subject: { identifier: { value: '1' } } }],
    [
      'narrative',
      {
        ...patient,
        text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>a &lt; b<br/></p></div>' },
      },
    ],
    [
      'nested groups',
      {
        resourceType: 'Questionnaire',
        id: 'q',
        status: 'draft',
        item: [{ linkId: '1', type: 'group', item: [{ linkId: '2', type: 'string', text: 'x' }] }],
      },
    ],
  ])('%s', (_name, resource) => {
    expect(errorsOf(resource)).toEqual([]);
  });
});

const faults: Record<string, [string, Json][]> = {
  structure: [
    ['unknown resource type', { resourceType: 'Patent', id: 'x' }],
    ['no resource type', { id: 'x' }],
    ['unknown property', { ...patient, foo: 1 }],
    ['unknown nested property', { ...patient, name: [{ familyName: 'x' }] }],
    ['single value in an array property', { ...patient, name: { family: 'x' } }],
    ['array in a single property', { ...patient, gender: ['female'] }],
    ['missing required element', { ...observation, code: undefined }],
    ['missing status', { ...observation, status: undefined }],
    ['missing class', { ...encounter, class: undefined }],
    ['missing nested element', { ...patient, communication: [{ preferred: true }] }],
    ['empty array', { ...patient, name: [] }],
    ['empty object', { ...patient, name: [{}] }],
    ['null value', { ...patient, gender: null }],
    ['null in an array of objects', { ...patient, name: [null] }],
    ['null without extension', { ...patient, name: [{ given: ['A', null] }] }],
    ['two values of one choice', { ...patient, deceasedBoolean: true, deceasedDateTime: '2020' }],
    ['choice of a type that is not allowed', { ...observation, valueQuantity: undefined, valueMoney: { value: 1 } }],
    ['primitive where an object is due', { ...observation, code: 'x' }],
    ['object where a primitive is due', { ...patient, birthDate: { value: '1953' } }],
    ['underscore beside an object', { ...patient, _name: [{ id: 'x' }] }],
    ['primitive extension as array', { ...patient, _gender: [{ id: 'x' }] }],
    ['empty primitive extension', { ...patient, _gender: {} }],
    ['lists of value and extension differ', { ...patient, name: [{ given: ['A'], _given: [null, { id: 'x' }] }] }],
  ],
  primitives: [
    ['30 February', { ...patient, birthDate: '2023-02-30' }],
    ['29 February in a common year', { ...patient, birthDate: '2023-02-29' }],
    ['date with time', { ...patient, birthDate: '2023-02-01T00:00:00Z' }],
    ['date in another form', { ...patient, birthDate: '01/02/2023' }],
    ['month 13', { ...patient, birthDate: '2023-13-01' }],
    ['time without offset', { ...observation, effectiveDateTime: '2026-01-05T09:30:00' }],
    ['time without seconds', { ...observation, effectiveDateTime: '2026-01-05T09:30+08:00' }],
    ['hour 24', { ...observation, effectiveDateTime: '2026-01-05T24:00:00Z' }],
    ['instant of a day', { ...observation, issued: '2026-01-05' }],
    ['boolean as text', { ...patient, active: 'true' }],
    ['number as text', { ...observation, valueQuantity: { value: '128' } }],
    ['integer with fraction', { ...patient, multipleBirthInteger: 1.5 }],
    ['positiveInt zero', { ...patient, telecom: [{ system: 'phone', value: '1', rank: 0 }] }],
    ['empty string', { ...patient, name: [{ family: '' }] }],
    ['white space', { ...patient, name: [{ family: '   ' }] }],
    ['id with a sign that is not allowed', { ...patient, id: 'p_1' }],
    ['id too long', { ...patient, id: 'x'.repeat(65) }],
    ['uri with a space', { ...patient, identifier: [{ system: 'urn:x y', value: '1' }] }],
    ['malformed OID', { ...patient, identifier: [{ system: 'urn:oid:9.x', value: '1' }] }],
    ['code with two spaces', { ...observation, code: { coding: [{ code: 'a  b' }] } }],
    ['base64 with other signs', { resourceType: 'Binary', id: 'b', contentType: 'text/plain', data: '****' }],
    ['control character', { ...patient, name: [{ family: 'a\u0001' }] }],
  ],
  bindings: [
    ['gender', { ...patient, gender: 'M' }],
    ['Observation.status', { ...observation, status: 'done' }],
    ['Encounter.status', { ...encounter, status: 'discharged' }],
    ['name use', { ...patient, name: [{ use: 'legal', family: 'x' }] }],
    ['telecom system', { ...patient, telecom: [{ system: 'tel', value: '1' }] }],
    ['address use', { ...patient, address: [{ use: 'house', city: 'x' }] }],
    ['quantity comparator', { ...observation, valueQuantity: { value: 1, comparator: '=' } }],
    [
      'narrative status',
      { ...patient, text: { status: 'done', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' } },
    ],
    ['identifier use', { ...patient, identifier: [{ use: 'first', value: '1' }] }],
    ['link type', { ...patient, link: [{ other: { reference: 'Patient/2' }, type: 'same' }] }],
    [
      'allergy clinical status',
      {
        resourceType: 'AllergyIntolerance',
        id: 'a',
        patient: { reference: 'Patient/1' },
        clinicalStatus: {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'on' }],
        },
      },
    ],
    [
      'condition verification in another system',
      {
        resourceType: 'Condition',
        id: 'c',
        subject: { reference: 'Patient/1' },
        verificationStatus: { coding: [{ system: 'http://x', code: 'confirmed' }] },
      },
    ],
    ['days of week', { resourceType: 'Location', id: 'l', hoursOfOperation: [{ daysOfWeek: ['Monday'] }] }],
  ],
  invariants: [
    ['obs-6', { ...observation, dataAbsentReason: { text: 'x' } }],
    [
      'obs-7',
      {
        ...observation,
        component: [{ code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] }, valueString: 'x' }],
      },
    ],
    ['obs-3', { ...observation, referenceRange: [{ appliesTo: [{ text: 'x' }] }] }],
    ['pat-1', { ...patient, contact: [{ gender: 'male' }] }],
    ['per-1', { ...encounter, period: { start: '2026-01-02', end: '2026-01-01' } }],
    [
      'per-1 across offsets',
      { ...encounter, period: { start: '2026-01-01T09:00:00+08:00', end: '2026-01-01T00:00:00Z' } },
    ],
    ['qty-3', { ...observation, valueQuantity: { value: 1, code: 'g/L' } }],
    ['cpt-2', { ...patient, telecom: [{ value: '1' }] }],
    ['att-1', { ...patient, photo: [{ data: 'QUJD' }] }],
    [
      'ext-1',
      { ...patient, extension: [{ url: 'http://x', valueString: 'x', extension: [{ url: 'y', valueString: 'z' }] }] },
    ],
    ['ext-1, nothing', { ...patient, extension: [{ url: 'http://x' }] }],
    ['rng-2', { ...observation, valueQuantity: undefined, valueRange: { low: { value: 2 }, high: { value: 1 } } }],
    ['rat-1', { ...observation, valueQuantity: undefined, valueRatio: { numerator: { value: 1 } } }],
    ['sqt-1', { ...observation, referenceRange: [{ low: { value: 1, comparator: '<' } }] }],
    ['ait-1', { resourceType: 'AllergyIntolerance', id: 'a', patient: { reference: 'Patient/1' } }],
    [
      'dom-2',
      {
        ...patient,
        contained: [{ resourceType: 'Patient', id: 'x', contained: [{ resourceType: 'Patient', id: 'y' }] }],
      },
    ],
    ['dom-3', { ...patient, contained: [{ resourceType: 'Organization', id: 'x', name: 'y' }] }],
  ],
  references: [
    [
      'to nothing in the bundle',
      { ...observation, subject: { reference: 'urn:uuid:00000000-0000-5000-8000-0000000000ff' } },
    ],
    ['to a missing contained resource', { ...observation, subject: { reference: '#none' } }],
    ['to a type that is not allowed', { ...observation, subject: { reference: 'Observation/1' } }],
    [
      'to a type that is not allowed, in the bundle',
      { ...observation, encounter: { reference: 'urn:uuid:00000000-0000-5000-8000-000000000001' } },
    ],
    ['to no resource type', { ...observation, subject: { reference: 'Patent/1' } }],
    ['of a type that it denies', { ...observation, subject: { reference: 'Patient/1', type: 'Group' } }],
    ['that says nothing', { ...observation, performer: [{ id: 'x' }] }],
  ],
  narrative: [
    [
      'script',
      {
        ...patient,
        text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><script>x()</script></div>' },
      },
    ],
    [
      'event attribute',
      {
        ...patient,
        text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x()">a</p></div>' },
      },
    ],
    [
      'javascript link',
      {
        ...patient,
        text: {
          status: 'generated',
          div: '<div xmlns="http://www.w3.org/1999/xhtml"><a href="javascript:x()">a</a></div>',
        },
      },
    ],
    [
      'not closed',
      { ...patient, text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</div>' } },
    ],
    ['without name space', { ...patient, text: { status: 'generated', div: '<div>a</div>' } }],
    ['empty', { ...patient, text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"> </div>' } }],
  ],
};

for (const [group, cases] of Object.entries(faults))
  describe(`refuses faults of ${group}`, () => {
    test.each(cases)('%s', (_name, resource) => {
      expect(errorsOf(resource)).not.toEqual([]);
    });
  });

describe('raw text', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  test('keys that one object names twice are refused, also in escapes', () => {
    expect(checkText(bytes('{"a":1,"b":{"a":2}}'))).toBe('{"a":1,"b":{"a":2}}');
    expect(checkText(bytes('{"a":1,"a":2}'))).toMatchObject({ code: 'fhir.structure' });
    expect(checkText(bytes('{"a":1,"\\u0061":2}'))).toMatchObject({ code: 'fhir.structure' });
    expect(checkText(bytes('[{"a":"a\\":"},{"a":1}]'))).toBe('[{"a":"a\\":"},{"a":1}]');
  });
  test('what is not UTF-8, not JSON or nested without end is refused', () => {
    expect(checkText(new Uint8Array([0x22, 0xff, 0x22]))).toMatchObject({ code: 'item.charset' });
    expect(checkText(bytes('{"a":'))).toMatchObject({ code: 'item.format' });
    expect(checkText(bytes('['.repeat(200) + ']'.repeat(200)))).toMatchObject({ code: 'item.format' });
  });
});

test('no issue quotes a value or an unknown name', () => {
  const secret = 'Geheim^Wert';
  const text = canonicalJson({
    resourceType: 'Bundle',
    type: 'collection',
    entry: [
      {
        fullUrl: 'urn:x:1',
        resource: {
          ...patient,
          gender: secret,
          birthDate: secret,
          [secret]: 1,
          link: [{ other: { reference: secret }, type: secret }],
        },
      },
    ],
  });
  const issues = checkBundle(parseLossless(text) as fhir4.Bundle, text);
  expect(issues.length).toBeGreaterThan(2);
  expect(JSON.stringify(issues)).not.toContain('Geheim');
});
