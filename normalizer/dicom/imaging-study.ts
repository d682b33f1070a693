/** Headers of a study → ImagingStudy (R4, mapping "dicom") and the request behind it. Counts are counted, never read. */
import { identifierSystem } from '../shared/systems.ts';
import { addDevice, addPractitioners } from './people.ts';
import { type Instance, type Study, textIn } from './study.ts';
import { codingOf, conceptsOf, dateTimeOf } from './values.ts';

const DCM = 'http://dicom.nema.org/resources/ontology/DCM';
const SNOMED = 'http://snomed.info/sct';

export function addImagingStudy(study: Study, patient: string): { url: string; started: string | undefined } {
  const { draft } = study;
  const accession = accessionOf(study);
  const series = seriesOf(study);
  const started = dateTimeOf(study, 'Study', study.instances);
  const modalities = [...new Set(series.map((one) => one.modality.code).filter((code) => code !== undefined))];
  const reason = study.text('AdmittingDiagnosesDescription');
  const referrer = addPractitioners(study, 'ReferringPhysicianName')[0];
  const request = addRequest(study, patient, accession);
  const url = draft.add(['urn:dicom:uid', `urn:oid:${study.uid}`], {
    resourceType: 'ImagingStudy',
    identifier: [{ system: 'urn:dicom:uid', value: `urn:oid:${study.uid}` }, ...(accession ? [accession] : [])],
    status: 'available',
    modality: modalities.map((code) => ({ system: DCM, code })),
    subject: { reference: patient },
    started,
    basedOn: request ? [{ reference: request }] : [],
    referrer: referrer ? { reference: referrer } : undefined,
    interpreter: addPractitioners(study, 'NameOfPhysiciansReadingStudy').map((reference) => ({ reference })),
    numberOfSeries: series.length,
    numberOfInstances: study.instances.length,
    procedureCode: conceptsOf(study, study.items('ProcedureCodeSequence')),
    reasonCode: reason ? [{ text: reason }] : [],
    description: study.text('StudyDescription'),
    series,
  } as fhir4.ImagingStudy);
  return { url, started };
}

function accessionOf(study: Study): fhir4.Identifier | undefined {
  const value = study.text('AccessionNumber');
  if (!value) return undefined;
  const { context } = study.draft;
  const [issuer] = study.items('IssuerOfAccessionNumberSequence');
  const authority = issuer && {
    name: textIn(issuer, 'LocalNamespaceEntityID'),
    id: textIn(issuer, 'UniversalEntityID'),
  };
  const system =
    (authority && identifierSystem(authority, context)) ??
    context.assigners?.ACSN ??
    `urn:dhc:${context.hospital.id}:accession`;
  const type = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'ACSN' }] };
  return { type, system, value };
}

function seriesOf(study: Study): fhir4.ImagingStudySeries[] {
  const groups = Map.groupBy(study.instances, (one) => one.seriesUid);
  return [...groups].map(([uid, instances]) => oneSeries(study, uid, instances)).sort(byNumberAndUid);
}

function byNumberAndUid(a: fhir4.ImagingStudySeries, b: fhir4.ImagingStudySeries): number {
  return (a.number ?? Infinity) - (b.number ?? Infinity) || (a.uid < b.uid ? -1 : 1) || 0;
}

function oneSeries(study: Study, uid: string, instances: readonly Instance[]): fhir4.ImagingStudySeries {
  const device = addDevice(study, instances);
  const performers = [...addPractitioners(study, 'PerformingPhysicianName'), ...(device ? [device] : [])];
  const [region] = study.items('AnatomicRegionSequence', instances);
  const part = study.text('BodyPartExamined', instances);
  const side = LATERALITY[study.text('Laterality', instances) ?? study.text('ImageLaterality', instances) ?? ''];
  return {
    uid,
    number: unsigned(study.text('SeriesNumber', instances)),
    modality: { system: DCM, code: modalityOf(study, instances) },
    description: study.text('SeriesDescription', instances),
    numberOfInstances: instances.length,
    bodySite: (region && codingOf(study, region)) ?? (part ? { display: part } : undefined),
    laterality: side ? { system: SNOMED, ...side } : undefined,
    started: dateTimeOf(study, 'Series', instances),
    performer: performers.map((reference) => ({ actor: { reference } })),
    instance: inOrder(study, instances).map((one) => ({
      uid: one.uid,
      sopClass: { system: 'urn:ietf:rfc:3986', code: `urn:oid:${study.text('SOPClassUID', [one])}` },
      number: unsigned(study.text('InstanceNumber', [one])),
    })),
  } as fhir4.ImagingStudySeries;
}

/** Required in R4; DICOM's own code for "other" where a header has none or no code string (PS3.16 CID 29). */
function modalityOf(study: Study, instances: readonly Instance[]): string {
  const code = study.text('Modality', instances);
  return code && /^[A-Z0-9_]{1,16}$/.test(code) ? code : 'OT';
}

function inOrder(study: Study, instances: readonly Instance[]): Instance[] {
  const number = (one: Instance) => unsigned(study.text('InstanceNumber', [one])) ?? Infinity;
  return [...instances].sort((a, b) => number(a) - number(b) || (a.uid < b.uid ? -1 : 1) || 0);
}

const LATERALITY: Readonly<Record<string, { code: string; display: string }>> = {
  L: { code: '7771000', display: 'Left' },
  R: { code: '24028007', display: 'Right' },
};

/** R4 unsignedInt; DICOM's IS may be negative or larger. */
function unsigned(text: string | undefined): number | undefined {
  return text && /^\+?\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The order, where the header tells anything of it. Its state is not in the header. */
function addRequest(study: Study, patient: string, accession: fhir4.Identifier | undefined): string | undefined {
  const [attributes] = study.items('RequestAttributesSequence');
  const description =
    study.text('RequestedProcedureDescription') ?? (attributes && textIn(attributes, 'RequestedProcedureDescription'));
  const codes = conceptsOf(study, study.items('RequestedProcedureCodeSequence'));
  const requester = addPractitioners(study, 'RequestingPhysician')[0];
  if (!accession || !(description || codes.length || requester)) return undefined;
  return study.draft.add(['accession', accession.system!, accession.value!], {
    resourceType: 'ServiceRequest',
    identifier: [accession],
    status: 'unknown',
    intent: 'order',
    code: codes[0]
      ? { ...codes[0], ...(description ? { text: description } : {}) }
      : description
        ? { text: description }
        : undefined,
    subject: { reference: patient },
    requester: requester ? { reference: requester } : undefined,
  } as fhir4.ServiceRequest);
}
