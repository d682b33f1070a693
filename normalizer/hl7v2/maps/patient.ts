/** PID → Patient, and whose record it is. */
import { BridgeError } from '../../../core/errors.ts';
import type { PatientIdentifier } from '../../../core/types.ts';
import { GENDER, maritalStatus } from '../../shared/tables.ts';
import { cwe, cx, lookUp, xad, xpn, xtn } from '../datatypes.ts';
import type { Segment } from '../reader/segment.ts';
import type { Scope } from '../scope.ts';

export interface MappedPatient {
  readonly reference: fhir4.Reference;
  readonly owner: PatientIdentifier;
}

/** @throws BridgeError item.no-patient where PID is missing or names no identifier */
export function mapPatient(scope: Scope, pid: Segment | undefined): MappedPatient {
  if (!pid) throw new BridgeError('item.no-patient', 'the message has no PID segment');
  const identifiers = patientIdentifiers(scope, pid);
  const owner = ownerOf(scope, identifiers);
  const name = [...pid.all(5), ...pid.all(9)].map((value) => xpn(scope, value)).filter((item) => item !== undefined);
  const telecom = [
    ...pid.all(13).map((value) => xtn(value, 'home')),
    ...pid.all(14).map((value) => xtn(value, 'work')),
  ].filter((item) => item !== undefined);
  const gender = lookUp(scope, pid.field(8), GENDER, 'HL70001');
  const birthDate = scope.date(pid.field(7));
  const made: fhir4.Patient = {
    resourceType: 'Patient',
    identifier: identifiers,
    ...(name.length > 0 ? { name } : {}),
    ...(telecom.length > 0 ? { telecom } : {}),
    ...(gender ? { gender } : {}),
    ...(birthDate ? { birthDate } : {}),
    address: pid
      .all(11)
      .map(xad)
      .filter((item) => item !== undefined),
    ...marital(scope, pid),
    ...language(scope, pid),
    ...deceased(scope, pid),
    ...multipleBirth(scope, pid),
  };
  return { reference: { reference: scope.draft.add([owner.system, owner.value], made) }, owner };
}

/** PID-3, and the older PID-2, PID-4 and PID-19. */
function patientIdentifiers(scope: Scope, pid: Segment): fhir4.Identifier[] {
  const { hospital } = scope.draft.context;
  const found = [...pid.all(3), ...pid.all(2), ...pid.all(4)].map((value) => cx(scope, value));
  const ssn = cx(scope, pid.field(19));
  const all = [...found, ssn].filter((item) => item !== undefined);
  return all.map((identifier, index) =>
    // A number without an authority in PID-3 is the sender's own.
    !identifier.system && index < pid.all(3).length && hospital.patientSystem && isOwnType(identifier)
      ? { ...identifier, system: hospital.patientSystem }
      : identifier,
  );
}

function isOwnType(identifier: fhir4.Identifier): boolean {
  const type = identifier.type?.coding?.[0]?.code;
  return type === undefined || type === 'MR' || type === 'PI';
}

/** The hospital's own patient number, else the first medical record number, else the first number at all. */
function ownerOf(scope: Scope, identifiers: readonly fhir4.Identifier[]): PatientIdentifier {
  const { hospital, feed } = scope.draft.context;
  const typed = (code: string) => identifiers.find((one) => one.type?.coding?.[0]?.code === code);
  const owner =
    identifiers.find((one) => one.system !== undefined && one.system === hospital.patientSystem) ??
    typed('MR') ??
    typed('PI') ??
    identifiers[0];
  if (!owner?.value) throw new BridgeError('item.no-patient', 'PID-3 names no patient identifier');
  return { system: owner.system ?? `urn:dhc:${hospital.id}:hl7v2:${feed}:Patient`, value: owner.value };
}

function marital(scope: Scope, pid: Segment): Partial<fhir4.Patient> {
  const sent = cwe(scope, pid.field(16), 'HL70002');
  if (!sent) return {};
  const mapped = maritalStatus(sent.coding?.[0]?.code ?? '');
  return { maritalStatus: mapped ? { ...sent, coding: [mapped, ...(sent.coding ?? [])] } : sent };
}

function language(scope: Scope, pid: Segment): Partial<fhir4.Patient> {
  const sent = cwe(scope, pid.field(15));
  return sent ? { communication: [{ language: sent }] } : {};
}

function deceased(scope: Scope, pid: Segment): Partial<fhir4.Patient> {
  const at = scope.time(pid.field(29));
  const flag = lookUp(scope, pid.field(30), YES_NO, 'HL70136');
  if (at) return { deceasedDateTime: at };
  return flag === undefined ? {} : { deceasedBoolean: flag };
}

function multipleBirth(scope: Scope, pid: Segment): Partial<fhir4.Patient> {
  const order = pid.field(25).trimmed;
  if (order && /^[1-9]\d?$/.test(order)) return { multipleBirthInteger: Number(order) };
  const flag = lookUp(scope, pid.field(24), YES_NO, 'HL70136');
  return flag === undefined ? {} : { multipleBirthBoolean: flag };
}

const YES_NO: Readonly<Record<string, boolean>> = { Y: true, N: false };
