/** recordTarget → Patient, and the identifier that owns the record. */
import { BridgeError } from '../../../core/errors.ts';
import type { PatientIdentifier } from '../../../core/types.ts';
import type { XmlElement } from '../../../core/xml/tree.ts';
import type { HospitalContext } from '../../context.ts';
import type { Draft } from '../../draft.ts';
import { GENDER } from '../../shared/tables.ts';
import { type Cda, owns, reference } from '../document.ts';
import { codingOf, conceptOf } from '../types/codes.ts';
import { addressesOf, namesOf, telecomsOf } from '../types/contact.ts';
import { type IdScope, identifiersOf, keyOf } from '../types/ids.ts';
import { dateOf, dateTimeOf } from '../types/times.ts';
import { booleanOf } from '../types/values.ts';
import { checkIdCard, ID_CARD } from './id-card.ts';
import { addOrganization } from './people.ts';

/** Numbers that a state gives: they name a person, but the hospital's own number is the better owner. */
const CIVIL = new Set([ID_CARD, 'http://hl7.org/fhir/sid/us-ssn']);

/** Coded facts of the person that R4 Patient has no element for → extension. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  raceCode: 'urn:dhc:extension:race',
  'sdtc:raceCode': 'urn:dhc:extension:race',
  ethnicGroupCode: 'urn:dhc:extension:ethnic-group',
  'sdtc:ethnicGroupCode': 'urn:dhc:extension:ethnic-group',
  religiousAffiliationCode: 'http://hl7.org/fhir/StructureDefinition/patient-religion',
  educationLevelCode: 'urn:dhc:extension:education',
};

/** @throws BridgeError `item.no-patient`, `item.unsupported` (several patients in one document) */
export function findPatient(root: XmlElement, scope: IdScope): { role: XmlElement; owner: PatientIdentifier } {
  const roles = root.elements('recordTarget').flatMap((target) => target.child('patientRole') ?? []);
  if (roles.length > 1 && new Set(roles.map((r) => JSON.stringify(ownerOf(r, scope)))).size > 1)
    throw new BridgeError('item.unsupported', 'the document belongs to several patients');
  const role = roles[0];
  const owner = role && ownerOf(role, scope);
  if (!role || !owner) throw new BridgeError('item.no-patient', 'the document names no patient identifier');
  return { role, owner };
}

function allIds(role: XmlElement, scope: IdScope): fhir4.Identifier[] {
  return [...identifiersOf(role, scope), ...identifiersOf(role.child('patient'), scope)];
}

/** WS/T 500 writes the numbers of visits, orders and reports beside those of the person. */
const NOT_OF_PERSON = /^urn:oid:2\.16\.156\.10011\.1\.(1|8|11|12|14|20|21|22|24|26|27|32|33|34)(\.|$)/;

function personIds(role: XmlElement, scope: IdScope): fhir4.Identifier[] {
  return allIds(role, scope).filter((id) => !NOT_OF_PERSON.test(id.system ?? ''));
}

/** Identifiers of the visit that stand at the patient: 门诊号 (11), 住院号 (12). */
export function visitIds(role: XmlElement, scope: IdScope): fhir4.Identifier[] {
  return allIds(role, scope).filter((id) => /^urn:oid:2\.16\.156\.10011\.1\.1[12](\.|$)/.test(id.system ?? ''));
}

/** Numbers of orders and reports that stand at the patient: 申请单 (24), 检查 (32) and 检验报告单 (33). */
export function reportIds(role: XmlElement, scope: IdScope): fhir4.Identifier[] {
  return allIds(role, scope).filter((id) => /^urn:oid:2\.16\.156\.10011\.1\.(24|32|33)(\.|$)/.test(id.system ?? ''));
}

function ownerOf(role: XmlElement, scope: IdScope): PatientIdentifier | undefined {
  const ids = personIds(role, scope);
  const best =
    ids.find((id) => id.system === scope.hospital.patientSystem) ??
    ids.find((id) => !CIVIL.has(id.system ?? '')) ??
    ids[0];
  return best ? { system: keyOf(best)[0], value: keyOf(best)[1] } : undefined;
}

export function addPatient(cda: Cda, role: XmlElement, owner: PatientIdentifier): string {
  const { draft, scope } = cda;
  const person = role.child('patient');
  const identifier = personIds(role, scope).map((id) => marked(id, scope.hospital));
  owns(cda, role, 'Patient', 'patient');
  checkIdCard(draft, identifier, person);
  return draft.add([owner.system, owner.value], {
    resourceType: 'Patient',
    extension: person ? extensionsOf(person) : [],
    identifier,
    name: namesOf(person),
    telecom: [...telecomsOf(role), ...telecomsOf(person)],
    gender: genderOf(person),
    birthDate: dateOf(person?.child('birthTime'), draft),
    address: [...addressesOf(role), ...addressesOf(person)],
    ...deceased(person, draft),
    maritalStatus: conceptOf(person?.child('maritalStatusCode')),
    communication: (person?.elements('languageCommunication') ?? []).flatMap(language),
    contact: (person?.elements('guardian') ?? []).flatMap(guardian),
    managingOrganization: reference(addOrganization(cda, role.child('providerOrganization'))),
  });
}

/** Marks the hospital's own number as MR, so that any reader knows it. */
function marked(identifier: fhir4.Identifier, hospital: HospitalContext): fhir4.Identifier {
  if (identifier.system !== hospital.patientSystem) return identifier;
  const system = 'http://terminology.hl7.org/CodeSystem/v2-0203';
  return { ...identifier, type: { coding: [{ system, code: 'MR' }] } };
}

/** HL7 AdministrativeGender adds UN (undifferentiated) to the shared table. */
function genderOf(person: XmlElement | undefined): fhir4.Patient['gender'] {
  const code = codingOf(person?.child('administrativeGenderCode'))?.code?.toUpperCase() ?? '';
  return code === 'UN' ? 'other' : GENDER[code];
}

function deceased(person: XmlElement | undefined, draft: Draft): Partial<fhir4.Patient> {
  const time = dateTimeOf(person?.child('sdtc:deceasedTime'), draft);
  if (time) return { deceasedDateTime: time };
  return { deceasedBoolean: booleanOf(person?.child('sdtc:deceasedInd')) };
}

function extensionsOf(person: XmlElement): fhir4.Extension[] {
  const coded = Object.entries(EXTENSIONS).flatMap(([name, url]) =>
    person.elements(name).flatMap((element) => {
      const valueCodeableConcept = conceptOf(element);
      return valueCodeableConcept ? [{ url, valueCodeableConcept }] : [];
    }),
  );
  const [birthPlace] = addressesOf(person.child('birthplace', 'place'));
  const url = 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace';
  return birthPlace ? [...coded, { url, valueAddress: birthPlace }] : coded;
}

function language(element: XmlElement): fhir4.PatientCommunication[] {
  const code = codingOf(element.child('languageCode'))?.code;
  if (!code) return [];
  const coding = [{ system: 'urn:ietf:bcp:47', code }];
  return [{ language: { coding }, preferred: booleanOf(element.child('preferenceInd')) }];
}

function guardian(element: XmlElement): fhir4.PatientContact[] {
  const contact: fhir4.PatientContact = {
    relationship: [conceptOf(element.child('code'))].flatMap((c) => c ?? []),
    name: namesOf(element.child('guardianPerson'))[0],
    telecom: telecomsOf(element),
    address: addressesOf(element)[0],
  };
  // R4 pat-1: a contact has at least a name, an address or a telecom.
  return contact.name || contact.telecom?.length || contact.address ? [contact] : [];
}
