/** What a reader of the sample documents would say is in them, written down by hand. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { numberText } from '../../core/json.ts';
import type { Normalized } from '../../core/types.ts';
import type { NormalizeContext } from '../context.ts';
import { normalize } from '../index.ts';

const context: NormalizeContext = {
  hospital: {
    id: 'chenguang',
    name: '晨光医院',
    timezone: 'Asia/Shanghai',
    patientSystem: 'urn:oid:2.16.156.10011.1.13.990001',
  },
  feed: 'cda',
  receivedAt: '2026-03-01T00:00:00Z',
};

function bytesOf(name: string): Uint8Array {
  return readFileSync(new URL(`../../samples/cda/${name}.xml`, import.meta.url));
}

function read(name: string): Normalized {
  const made = normalize({ kind: 'cda', sourceKey: name, bytes: bytesOf(name) }, context);
  if (made.status === 'rejected') throw new Error(`${name}: ${made.code} ${JSON.stringify(made.issues)}`);
  return made;
}

function all<T extends fhir4.FhirResource['resourceType']>(made: Normalized, type: T) {
  const resources = made.bundle.entry!.map((entry) => entry.resource as fhir4.FhirResource);
  return resources.filter((r): r is Extract<fhir4.FhirResource, { resourceType: T }> => r.resourceType === type);
}

const codes = (concept?: fhir4.CodeableConcept) => concept?.coding?.map((c) => `${c.system}|${c.code}`) ?? [];
const loinc = (observation: fhir4.Observation, code: string) =>
  codes(observation.code).includes(`http://loinc.org|${code}`);
const de = (code: string) => (o: fhir4.Observation) => codes(o.code).includes(`urn:oid:2.16.156.10011.2.2.1|${code}`);
const shown = (quantity?: fhir4.Quantity) =>
  quantity && `${quantity.comparator ?? ''}${numberText(quantity.value!)} ${quantity.code ?? quantity.unit}`;

describe('病历概要 C0001', () => {
  const made = read('c0001-summary-zhangwei');

  it('belongs to the patient number of the hospital, with the id card beside it', () => {
    expect(made.patient).toEqual({ system: 'urn:oid:2.16.156.10011.1.13.990001', value: 'CG100001' });
    const [patient] = all(made, 'Patient');
    expect(patient).toMatchObject({ gender: 'male', birthDate: '1978-03-12', name: [{ text: '张伟' }] });
    expect(patient!.identifier!.map((id) => `${id.system}|${id.value}`)).toEqual([
      'urn:oid:2.16.156.10011.1.13.990001|CG100001',
      'urn:oid:2.16.156.10011.1.3|990101197803120018',
    ]);
  });

  it('gives the visit its own number and class', () => {
    const [encounter, ...more] = all(made, 'Encounter');
    expect(more).toEqual([]);
    expect(encounter!.identifier).toEqual([{ system: 'urn:oid:2.16.156.10011.1.11.990001', value: 'MZ2603010001' }]);
    expect(encounter!.class.code).toBe('AMB');
  });

  it('joins name and code of each diagnosis', () => {
    const conditions = all(made, 'Condition').map((c) => [c.code?.text, ...codes(c.code)]);
    expect(conditions).toEqual([
      ['高血压病2级', 'urn:oid:2.16.156.10011.2.3.3.11|I10.x05'],
      ['2型糖尿病', 'urn:oid:2.16.156.10011.2.3.3.11|E11.900'],
    ]);
  });

  it('keeps the fee as an exact amount in its currency', () => {
    const fee = all(made, 'Observation').find(de('DE07.00.010.00'))!;
    expect(shown(fee.valueQuantity)).toBe('356.80 CNY');
    expect(fee.valueQuantity!.system).toBe('urn:iso:std:iso:4217');
  });

  it('reads the allergy, the operation and the blood groups', () => {
    expect(all(made, 'AllergyIntolerance').map((a) => a.code?.text)).toEqual(['青霉素（皮疹）']);
    expect(all(made, 'Procedure')).toMatchObject([{ status: 'completed', performedDateTime: '2021-05-12' }]);
    const observations = all(made, 'Observation');
    expect(observations.find((o) => loinc(o, '883-9'))?.valueCodeableConcept?.text).toBe('A型');
    expect(observations.find((o) => loinc(o, '10331-7'))?.valueCodeableConcept?.text).toBe('阳性');
  });

  it('keeps the document exactly and names it as the source', () => {
    const [binary] = all(made, 'Binary');
    expect(Buffer.from(binary!.data!, 'base64').equals(bytesOf('c0001-summary-zhangwei'))).toBe(true);
    const [reference] = all(made, 'DocumentReference');
    expect(reference!.content[0]!.attachment.url).toBe(`urn:uuid:${binary!.id}`);
    expect(all(made, 'Provenance')[0]!.entity![0]!.what.reference).toBe(`urn:uuid:${reference!.id}`);
  });
});

it('检查报告 C0006 is a report under the numbers of request and report, all sections kept', () => {
  const made = read('c0006-imaging-report-zhangwei');
  const [report] = all(made, 'DiagnosticReport');
  expect(report!.identifier!.map((id) => id.value)).toEqual(['CGR2603020001', 'CGO2603020007']);
  expect(report!.issued).toBe('2026-03-02T14:00:00+08:00');
  const finding = all(made, 'Observation').find(de('DE04.50.132.00'));
  expect(finding?.valueString).toBe('右肺上叶小结节，建议6个月后复查。');
  expect(all(made, 'Composition')[0]!.section).toHaveLength(3);
  expect(all(made, 'Encounter')[0]!.class.code).toBe('IMP');
});

describe('检验报告 C0007 in GB18030', () => {
  const made = read('c0007-laboratory-report-chenji-gb18030');

  it('reads a name that GBK cannot hold', () => {
    expect(all(made, 'Patient')[0]!.name).toEqual([{ text: '陈𠮷' }]);
  });

  it('keeps digits, comparator, unit, flag and range of each result', () => {
    const results = all(made, 'Observation').filter((o) => o.valueQuantity);
    expect(results.map((o) => [o.code.text, shown(o.valueQuantity), o.interpretation?.[0]?.coding?.[0]?.code])).toEqual(
      [
        ['空腹血糖', '6.10 mmol/L', 'N'],
        ['肌酸激酶同工酶', '<0.10 ng/mL', 'N'],
        ['丙氨酸氨基转移酶', '52 U/L', 'A'],
      ],
    );
    expect(shown(results[0]!.referenceRange![0]!.low)).toBe('3.9 mmol/L');
    expect(results[0]!.effectiveDateTime).toBe('2026-03-03T08:20:00+08:00');
    expect(codes(results[0]!.code)).toEqual(['urn:dhc:chenguang:code-system:lab-item|GLU']);
  });

  it('counts the local item codes as work for a code map', () => {
    expect(made.coverage.unmappedCodes).toEqual({
      'urn:dhc:chenguang:code-system:lab-item|ALT': 1,
      'urn:dhc:chenguang:code-system:lab-item|CKMB': 1,
      'urn:dhc:chenguang:code-system:lab-item|GLU': 1,
    });
  });
});

describe('入院记录 C0034 under a wrong template', () => {
  const made = read('c0034-admission-liuyang');

  it('is an admission record by its code', () => {
    expect(all(made, 'Composition')[0]!.type.coding![0]!.code).toBe('C0034');
  });

  it('turns a denial into "no known allergy"', () => {
    const [allergy, ...more] = all(made, 'AllergyIntolerance');
    expect(more).toEqual([]);
    expect(codes(allergy!.code)).toEqual(['http://snomed.info/sct|716186003']);
    expect(allergy!.code!.text).toBe('否认药物及食物过敏史');
  });

  it('makes one blood pressure and vital signs with UCUM units', () => {
    const observations = all(made, 'Observation');
    const pressure = observations.filter((o) => loinc(o, '85354-9'));
    expect(pressure).toHaveLength(1);
    expect(pressure[0]!.component!.map((c) => shown(c.valueQuantity))).toEqual(['128 mm[Hg]', '82 mm[Hg]']);
    expect(shown(observations.find((o) => loinc(o, '8310-5'))!.valueQuantity)).toBe('36.50 Cel');
    expect(shown(observations.find((o) => loinc(o, '8867-4'))!.valueQuantity)).toBe('78 /min');
  });

  it('joins the diagnosis over two entries, and takes no treatment plan for a diagnosis', () => {
    const conditions = all(made, 'Condition');
    expect(conditions.map((c) => c.code!.text)).toEqual(['冠状动脉粥样硬化性心脏病', '胸痹心痛病']);
    expect(codes(conditions[0]!.verificationStatus)[0]).toMatch(/\|provisional$/);
    expect(all(made, 'Observation').filter((o) => o.code.text === '诊疗计划')).toHaveLength(1);
  });

  it('puts the chief complaint on the visit', () => {
    expect(all(made, 'Encounter')[0]!.reasonCode).toEqual([{ text: '反复胸闷3天，加重1天' }]);
  });
});

it('住院医嘱 C0052 parts drugs from services', () => {
  const made = read('c0052-orders-liuyang');
  const [drug] = all(made, 'MedicationRequest');
  expect(drug).toMatchObject({ intent: 'order', authoredOn: '2026-03-04T11:30:00+08:00' });
  expect(drug!.medicationCodeableConcept!.text).toBe('阿司匹林肠溶片 100mg 口服 每日1次');
  expect(all(made, 'ServiceRequest').map((r) => r.code!.text)).toEqual(['常规十二导联心电图']);
});

it('three documents of one stay meet in one patient and one visit', () => {
  const made = ['c0034-admission-liuyang', 'c0052-orders-liuyang', 'c0053-discharge-liuyang'].map(read);
  expect(new Set(made.map((m) => all(m, 'Encounter')[0]!.id)).size).toBe(1);
  expect(new Set(made.map((m) => all(m, 'Patient')[0]!.id)).size).toBe(1);
  expect(all(made[2]!, 'Encounter')[0]).toMatchObject({
    status: 'finished',
    period: { start: '2026-03-04T09:50:00+08:00', end: '2026-03-09T10:00:00+08:00' },
  });
  expect(all(made[2]!, 'Procedure')[0]!.performedDateTime).toBe('2026-03-05T14:30:00+08:00');
});

describe('Continuity of Care Document', () => {
  const made = read('ccd-okafor');

  it('meets the header encounter in the section', () => {
    const encounters = all(made, 'Encounter');
    expect(encounters).toHaveLength(1);
    expect(encounters[0]!.type!.flatMap(codes)).toEqual(['http://www.ama-assn.org/go/cpt|99213']);
  });

  it('tells an order from what was taken', () => {
    const [request] = all(made, 'MedicationRequest');
    expect(codes(request!.medicationCodeableConcept)).toEqual(['http://www.nlm.nih.gov/research/umls/rxnorm|314076']);
    expect(request!.dosageInstruction![0]!.timing!.repeat).toMatchObject({ period: 24, periodUnit: 'h' });
    expect(request!.dispenseRequest!.numberOfRepeatsAllowed).toBe(2);
    expect(all(made, 'MedicationStatement')).toMatchObject([
      { status: 'completed', effectivePeriod: { start: '2026-02-01', end: '2026-02-14' } },
    ]);
  });

  it('takes names from the narrative and states from the dates', () => {
    expect(all(made, 'Condition').map((c) => [c.code!.text, c.clinicalStatus!.coding![0]!.code])).toEqual([
      ['Essential hypertension', 'active'],
      ['Acute bronchitis, resolved', 'resolved'],
    ]);
  });

  it('reads allergy, reaction and criticality', () => {
    expect(all(made, 'AllergyIntolerance')).toMatchObject([
      { criticality: 'high', category: ['medication'], onsetDateTime: '2010-04', reaction: [{ severity: 'moderate' }] },
    ]);
  });

  it('keeps results exactly, under their report', () => {
    const [report] = all(made, 'DiagnosticReport');
    expect(report!.effectiveDateTime).toBe('2026-03-06T09:30:00+08:00');
    const potassium = all(made, 'Observation').find((o) => loinc(o, '2823-3'))!;
    expect(shown(potassium.valueQuantity)).toBe('4.10 mmol/L');
    expect(report!.result!.map((r) => r.reference)).toContain(`urn:uuid:${potassium.id}`);
  });

  it('does not count a declined vaccination as given', () => {
    const vaccinations = all(made, 'Immunization');
    expect(vaccinations.map((v) => v.status)).toEqual(['completed', 'not-done']);
    expect(vaccinations[1]!.occurrenceDateTime).toBeUndefined();
    expect(codes(vaccinations[1]!.statusReason)[0]).toMatch(/PATOBJ$/);
  });

  it('counts the plan that no rule reads, with its place, and keeps its narrative', () => {
    const unread = made.issues.filter((issue) => issue.code === 'field.unmapped');
    expect(unread.map((issue) => issue.path)).toEqual([
      '/ClinicalDocument/component/structuredBody/component[10]/section/entry/observation',
    ]);
    expect(all(made, 'Composition')[0]!.section!.at(-1)!.text!.div).toContain('Repeat potassium in six months');
  });
});

describe('Referral note', () => {
  const made = read('referral-okafor');

  it('respects every negation', () => {
    expect(codes(all(made, 'AllergyIntolerance')[0]!.code)).toEqual(['http://snomed.info/sct|429625007']);
    expect(all(made, 'MedicationRequest')[0]!.doNotPerform).toBe(true);
    expect(
      all(made, 'Condition').map((c) => [codes(c.code)[0], codes(c.verificationStatus)[0]!.split('|')[1]]),
    ).toEqual([
      ['http://snomed.info/sct|160245001', 'confirmed'],
      ['http://snomed.info/sct|44054006', 'refuted'],
    ]);
  });

  it('says that it used the zone of the hospital', () => {
    expect(all(made, 'Composition')[0]!.date).toBe('2026-03-10T15:30:00+08:00');
    expect(made.issues.filter((issue) => issue.code === 'field.no-zone')).toHaveLength(1);
  });
});

it('Progress note: an id that is used twice merges nothing, a wrong date and a wrong interval are reported', () => {
  const made = read('progress-note-okafor');
  const observations = all(made, 'Observation');
  expect(observations.map((o) => shown(o.valueQuantity))).toEqual(['37.80 Cel', '88 /min', undefined]);
  expect(codes(observations[2]!.dataAbsentReason)[0]).toMatch(/\|not-asked$/);
  expect(all(made, 'Encounter')[0]!.period).toEqual({ start: '2026-03-12T09:30:00+08:00' });
  expect(made.issues.filter((issue) => issue.code === 'field.invalid')).toHaveLength(2);
  expect(made.issues.filter((issue) => issue.code === 'structure.unexpected')).toHaveLength(1);
  const nested = all(made, 'Composition')[0]!.section![0]!.section![0]!;
  expect(nested.title).toBe('Vitals <home>');
  expect(nested.text!.div).toContain('loose text');
});

it.each([
  ['truncated-in-transfer', 'item.truncated'],
  ['external-entity', 'item.unsafe-xml'],
])('refuses %s', (name, code) => {
  const made = normalize({ kind: 'cda', sourceKey: name, bytes: bytesOf(`bad/${name}`) }, context);
  expect(made).toMatchObject({ status: 'rejected', code });
});
