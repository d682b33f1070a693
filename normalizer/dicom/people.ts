/** Patient, physicians and the modality as a device. */
import { BridgeError } from '../../core/errors.ts';
import type { PatientIdentifier } from '../../core/types.ts';
import { identifierSystem } from '../shared/systems.ts';
import { GENDER } from '../shared/tables.ts';
import { type Instance, type Study, textIn } from './study.ts';
import { birthDateOf, namesOf } from './values.ts';

/** @throws BridgeError `item.no-patient` */
export function addPatient(study: Study): { url: string; owner: PatientIdentifier } {
  const { draft } = study;
  const value = study.text('PatientID');
  if (!value) throw new BridgeError('item.no-patient', 'the study names no patient identifier');
  const { hospital } = draft.context;
  const system = issuerOf(study) ?? hospital.patientSystem ?? `urn:dhc:${hospital.id}:patient`;
  const own = system === hospital.patientSystem;
  const type = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] };
  const sex = study.text('PatientSex');
  const gender = GENDER[sex ?? ''];
  if (sex && !gender) {
    draft.issue('warning', 'code.unmapped', 'PatientSex', 'the code is not in the table of this attribute');
    draft.unmappedCode('PatientSex', sex);
  }
  const url = draft.add([system, value], {
    resourceType: 'Patient',
    identifier: [{ ...(own ? { type } : {}), system, value }],
    name: namesOf(study.text('PatientName')),
    ...(gender ? { gender } : {}),
    birthDate: birthDateOf(study),
  } as fhir4.Patient);
  return { url, owner: { system, value } };
}

/** Issuer of Patient ID: its universal id (PS3.3 C.7.1.1), else its name. */
function issuerOf(study: Study): string | undefined {
  const [qualifiers] = study.items('IssuerOfPatientIDQualifiersSequence');
  const name = study.text('IssuerOfPatientID');
  const id = qualifiers && textIn(qualifiers, 'UniversalEntityID');
  return identifierSystem({ name, id }, study.draft.context);
}

/** One Practitioner for each name; names alone identify within the hospital only, so the study is part of the key. */
export function addPractitioners(study: Study, keyword: string): string[] {
  return study.texts(keyword).flatMap((text) => {
    const name = namesOf(text);
    if (!name.length) return [];
    return [study.draft.add(['dicom', study.uid, 'name', text], { resourceType: 'Practitioner', name })];
  });
}

/** The modality that made the series; undefined where the header does not name it. */
export function addDevice(study: Study, instances: readonly Instance[]): string | undefined {
  const manufacturer = study.text('Manufacturer', instances);
  const model = study.text('ManufacturerModelName', instances);
  const serial = study.text('DeviceSerialNumber', instances);
  const station = study.text('StationName', instances);
  const software = study.text('SoftwareVersions', instances);
  if (!model && !serial && !station) return undefined;
  return study.draft.add(['modality', manufacturer ?? '', model ?? '', serial ?? '', station ?? ''], {
    resourceType: 'Device',
    manufacturer,
    serialNumber: serial,
    modelNumber: model,
    deviceName: station ? [{ name: station, type: 'user-friendly-name' }] : [],
    version: software ? [{ value: software }] : [],
  } as fhir4.Device);
}
