/** OID → URI of code systems and identifier systems (HL7 THO, C-CDA on FHIR §"Code System URIs"). */

const SYSTEMS: Readonly<Record<string, string>> = {
  '2.16.840.1.113883.6.96': 'http://snomed.info/sct',
  '2.16.840.1.113883.6.1': 'http://loinc.org',
  '2.16.840.1.113883.6.88': 'http://www.nlm.nih.gov/research/umls/rxnorm',
  '2.16.840.1.113883.6.8': 'http://unitsofmeasure.org',
  '2.16.840.1.113883.6.90': 'http://hl7.org/fhir/sid/icd-10-cm',
  '2.16.840.1.113883.6.4': 'http://www.cms.gov/Medicare/Coding/ICD10',
  '2.16.840.1.113883.6.3': 'http://hl7.org/fhir/sid/icd-10',
  '2.16.840.1.113883.6.103': 'http://hl7.org/fhir/sid/icd-9-cm',
  '2.16.840.1.113883.6.104': 'http://hl7.org/fhir/sid/icd-9-cm',
  '2.16.840.1.113883.6.12': 'http://www.ama-assn.org/go/cpt',
  '2.16.840.1.113883.6.13': 'http://www.ada.org/cdt',
  '2.16.840.1.113883.6.285': 'http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets',
  '2.16.840.1.113883.6.69': 'http://hl7.org/fhir/sid/ndc',
  '2.16.840.1.113883.12.292': 'http://hl7.org/fhir/sid/cvx',
  '2.16.840.1.113883.6.59': 'http://hl7.org/fhir/sid/cvx',
  '2.16.840.1.113883.12.227': 'http://hl7.org/fhir/sid/mvx',
  '2.16.840.1.113883.4.9': 'http://fdasis.nlm.nih.gov',
  '2.16.840.1.113883.3.26.1.1': 'http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl',
  '2.16.840.1.113883.6.101': 'http://nucc.org/provider-taxonomy',
  '2.16.840.1.113883.6.238': 'urn:oid:2.16.840.1.113883.6.238',
  '2.16.840.1.113883.6.259': 'https://www.cdc.gov/nhsn/cdaportal/terminology/codesystem/hsloc.html',
  '2.16.840.1.113883.6.301.11': 'http://www.nubc.org/patient-discharge',
  '2.16.840.1.113883.3.88.12.80.32': 'urn:oid:2.16.840.1.113883.3.88.12.80.32',
  '2.16.840.1.113883.6.209': 'urn:oid:2.16.840.1.113883.6.209',
  '2.16.840.1.113883.6.345': 'http://va.gov/terminology/medrt',
  '2.16.840.1.113883.6.121': 'urn:ietf:bcp:47',
  '2.16.840.1.113883.4.1': 'http://hl7.org/fhir/sid/us-ssn',
  '2.16.840.1.113883.4.6': 'http://hl7.org/fhir/sid/us-npi',
  '2.16.840.1.113883.4.572': 'http://hl7.org/fhir/sid/us-medicare',
  '2.16.840.1.113883.4.927': 'http://hl7.org/fhir/sid/us-mbi',
  '2.16.840.1.113883.4.2': 'urn:oid:2.16.840.1.113883.4.2',
  '1.0.3166.1.2.2': 'urn:iso:std:iso:3166',
  '1.2.840.10008.2.16.4': 'http://dicom.nema.org/resources/ontology/DCM',
};

/** HL7 version 3 code systems: OID suffix below 2.16.840.1.113883.5 → THO name. */
const V3_NAMES: Readonly<Record<string, string>> = {
  1: 'AdministrativeGender',
  2: 'MaritalStatus',
  4: 'ActCode',
  6: 'ActClass',
  7: 'ActPriority',
  8: 'ActReason',
  14: 'ActStatus',
  25: 'Confidentiality',
  60: 'LanguageAbilityMode',
  63: 'ObservationMethod',
  83: 'ObservationInterpretation',
  88: 'ParticipationFunction',
  90: 'ParticipationType',
  110: 'RoleClass',
  111: 'RoleCode',
  112: 'RouteOfAdministration',
  139: 'TimingEvent',
  1008: 'NullFlavor',
  1063: 'SecurityObservationValue',
  1076: 'ReligiousAffiliation',
};

/** HL7 version 2 tables: OID suffix below 2.16.840.1.113883.12. */
const V2_TABLES = new Set([
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  '7',
  '9',
  '23',
  '74',
  '78',
  '112',
  '127',
  '136',
  '162',
  '203',
]);

/** ITU-T X.660: arcs 0–2, no leading zeros. */
export const OID = /^[0-2](\.(0|[1-9]\d*))+$/;
export const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** URI of an OID: the published one where there is one, else `urn:oid:`; undefined when the text is no OID. */
export function uriOf(oid: string): string | undefined {
  const known = SYSTEMS[oid];
  if (known) return known;
  const v3 = /^2\.16\.840\.1\.113883\.5\.(\d+)$/.exec(oid)?.[1];
  if (v3 && V3_NAMES[v3]) return `http://terminology.hl7.org/CodeSystem/v3-${V3_NAMES[v3]}`;
  const v2 = /^2\.16\.840\.1\.113883\.12\.(\d+)$/.exec(oid)?.[1];
  if (v2 && V2_TABLES.has(v2)) return `http://terminology.hl7.org/CodeSystem/v2-${v2.padStart(4, '0')}`;
  return OID.test(oid) ? `urn:oid:${oid}` : undefined;
}
