/** The repeating segments of an ADT: NK1 → RelatedPerson, AL1 → AllergyIntolerance, DG1 → Condition, IN1 → Coverage. */
import { deniesAllergy, GENDER, noKnownAllergy } from '../../shared/tables.ts';
import { cwe, cx, lookUp, xad, xpn, xtn } from '../datatypes.ts';
import type { Segment } from '../reader/segment.ts';
import type { Scope } from '../scope.ts';
import type { MappedPatient } from './patient.ts';
import { organization, practitioner } from './people.ts';

export function mapRelatedPerson(scope: Scope, patient: MappedPatient, nk1: Segment): void {
  const name = nk1
    .all(2)
    .map((value) => xpn(scope, value))
    .filter((item) => item !== undefined);
  const relationship = nk1
    .all(3)
    .map((value) => cwe(scope, value, 'HL70063'))
    .filter((item) => item !== undefined);
  const role = cwe(scope, nk1.field(7), 'HL70131');
  if (name.length === 0 && relationship.length === 0) return;
  const telecom = [
    ...nk1.all(5).map((value) => xtn(value, 'home')),
    ...nk1.all(6).map((value) => xtn(value, 'work')),
  ].filter((item) => item !== undefined);
  const gender = lookUp(scope, nk1.field(15), GENDER, 'HL70001');
  const birthDate = scope.date(nk1.field(16));
  const made: fhir4.RelatedPerson = {
    resourceType: 'RelatedPerson',
    patient: patient.reference,
    relationship: [...relationship, ...(role ? [role] : [])],
    name,
    telecom,
    ...(gender ? { gender } : {}),
    ...(birthDate ? { birthDate } : {}),
    address: nk1
      .all(4)
      .map(xad)
      .filter((item) => item !== undefined),
  };
  scope.draft.add([...owner(patient), JSON.stringify([name, relationship])], made);
}

const ALLERGY_CATEGORY = {
  DA: 'medication',
  FA: 'food',
  EA: 'environment',
  AA: 'biologic',
  PA: 'environment',
  LA: 'environment',
  MA: '',
  MC: '',
} as const;
const CRITICALITY = { SV: 'high', MI: 'low', MO: '', U: 'unable-to-assess' } as const;

export function mapAllergy(scope: Scope, patient: MappedPatient, al1: Segment): void {
  const sent = cwe(scope, al1.field(3));
  if (!sent) {
    scope.draft.issue('warning', 'field.missing', `${al1.place}-3`, 'the allergy names no substance');
    return;
  }
  const words = sent.text ?? sent.coding?.[0]?.display ?? sent.coding?.[0]?.code ?? '';
  const denied = deniesAllergy(words);
  const category = lookUp(scope, al1.field(2), ALLERGY_CATEGORY, 'HL70127');
  const criticality = lookUp(scope, al1.field(4), CRITICALITY, 'HL70128');
  const onset = scope.time(al1.field(6));
  const manifestation = al1.all(5).flatMap((value) => (value.trimmed ? [{ text: value.trimmed }] : []));
  const made: fhir4.AllergyIntolerance = {
    resourceType: 'AllergyIntolerance',
    // AL1 cannot say "entered in error", and ait-1 then asks for a clinical status: the guide's constant.
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' }],
    },
    ...(category ? { category: [category], type: 'allergy' } : {}),
    ...(criticality ? { criticality } : {}),
    code: denied
      ? { coding: [noKnownAllergy(words, category), ...(sent.coding ?? [])], ...(sent.text ? { text: sent.text } : {}) }
      : sent,
    patient: patient.reference,
    ...(onset ? { onsetDateTime: onset } : {}),
    ...(manifestation.length > 0 ? { reaction: [{ manifestation }] } : {}),
  };
  scope.draft.add([...owner(patient), JSON.stringify(sent)], made);
}

export function mapCondition(
  scope: Scope,
  patient: MappedPatient,
  encounter: fhir4.Reference | undefined,
  dg1: Segment,
): fhir4.EncounterDiagnosis | undefined {
  const coded = cwe(scope, dg1.field(3));
  const described = dg1.field(4).trimmed;
  if (!coded && described === undefined) return undefined;
  const onset = scope.time(dg1.field(5));
  const asserter = practitioner(scope, dg1.field(16));
  const made: fhir4.Condition = {
    resourceType: 'Condition',
    category: [
      {
        coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-category', code: 'encounter-diagnosis' }],
      },
    ],
    code: { ...coded, ...(described === undefined ? {} : { text: described }) },
    subject: patient.reference,
    ...(encounter ? { encounter } : {}),
    ...(onset ? { onsetDateTime: onset } : {}),
    ...(asserter ? { asserter } : {}),
  };
  const visit = encounter?.reference ?? '';
  const condition = { reference: scope.draft.add([...owner(patient), visit, JSON.stringify(made.code)], made) };
  const use = cwe(scope, dg1.field(6), 'HL70052');
  const rank = dg1.field(15).trimmed;
  return {
    condition,
    ...(use ? { use } : {}),
    ...(rank && /^[1-9]\d{0,3}$/.test(rank) ? { rank: Number(rank) } : {}),
  };
}

export function mapCoverage(scope: Scope, patient: MappedPatient, in1: Segment): void {
  const company = cx(scope, in1.field(3));
  const payor = organization(scope, in1.field(4), company);
  if (!payor) {
    scope.draft.issue('warning', 'field.missing', `${in1.place}-4`, 'the insurance names no company');
    return;
  }
  const policy = in1.field(36).trimmed;
  const member = in1.field(49).trimmed;
  const type = cwe(scope, in1.field(2), 'HL70072');
  const period = scope.period(in1.field(12), in1.field(13));
  const made: fhir4.Coverage = {
    resourceType: 'Coverage',
    status: 'active',
    ...(type ? { type } : {}),
    ...(policy || member ? { subscriberId: member ?? policy } : {}),
    beneficiary: patient.reference,
    ...(period ? { period } : {}),
    payor: [payor],
  };
  scope.draft.add([...owner(patient), payor.reference!, policy ?? '', JSON.stringify(type ?? null)], made);
}

function owner(patient: MappedPatient): [string, string] {
  return [patient.owner.system, patient.owner.value];
}
