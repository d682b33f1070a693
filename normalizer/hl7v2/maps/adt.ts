/** ADT_A01 and structures equal to it (A01, A03, A04, A08). */
import type { Scope } from '../scope.ts';
import { mapAllergy, mapCondition, mapCoverage, mapRelatedPerson } from './clinical.ts';
import { mapEncounter } from './encounter.ts';
import { type MappedPatient, mapPatient } from './patient.ts';
import { mapPatientObservations } from './results.ts';

/** @param event MSH-9.2 */
export function mapAdt(scope: Scope, event: string): MappedPatient {
  const { message, draft } = scope;
  const patient = mapPatient(scope, message.first('PID'));
  const encounter = mapEncounter(scope, patient, message.first('PV1'), message.first('PV2'), event);
  for (const nk1 of message.all('NK1')) mapRelatedPerson(scope, patient, nk1);
  for (const al1 of message.all('AL1')) mapAllergy(scope, patient, al1);
  const diagnoses = message.all('DG1').flatMap((dg1) => mapCondition(scope, patient, encounter, dg1) ?? []);
  if (encounter && diagnoses.length > 0) draft.extend<fhir4.Encounter>(encounter.reference!, { diagnosis: diagnoses });
  for (const in1 of message.all('IN1')) mapCoverage(scope, patient, in1);
  mapPatientObservations(scope, patient, encounter, message.all('OBX'));
  return patient;
}
