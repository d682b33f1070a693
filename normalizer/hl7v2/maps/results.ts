/** ORU_R01: each order observation → DiagnosticReport with its Observations, ServiceRequest and Specimens. */
import { BridgeError } from '../../../core/errors.ts';
import { codeSystem } from '../../shared/systems.ts';
import { lookUp } from '../datatypes.ts';
import { groupResults, type ObservationGroup, type OrderGroup } from '../reader/groups.ts';
import type { Segment } from '../reader/segment.ts';
import type { Scope } from '../scope.ts';
import { attachments, isAttachment } from './attachments.ts';
import { mapEncounter } from './encounter.ts';
import { mapObservation, type ObservationFrame } from './observation.ts';
import { type MappedOrder, mapOrder } from './order.ts';
import { type MappedPatient, mapPatient } from './patient.ts';
import { practitioner } from './people.ts';
import { mapSpecimen, mapSpecimenSource } from './specimen.ts';

/** HL7 table 0123 as the v2-to-FHIR guide maps it; codes without a mapping there give `unknown` or `partial`. */
const REPORT_STATUS = {
  O: 'registered',
  I: 'registered',
  S: 'registered',
  A: 'partial',
  P: 'preliminary',
  C: 'corrected',
  R: 'partial',
  F: 'final',
  X: 'cancelled',
  Y: 'unknown',
  Z: 'unknown',
  M: 'unknown',
  N: 'unknown',
} as const;

/** @throws BridgeError item.unsupported where the message holds several patients: a record belongs to one */
export function mapResults(scope: Scope): MappedPatient {
  const { results, unexpected } = groupResults(scope.message);
  if (results.length > 1) throw new BridgeError('item.unsupported', 'the message holds results of several patients');
  for (const segment of unexpected)
    scope.draft.issue('warning', 'structure.unexpected', segment.place, 'ORU_R01 does not expect the segment here');
  const result = results[0];
  const patient = mapPatient(scope, result?.pid);
  const pv2 = result?.others.find((segment) => segment.name === 'PV2');
  const encounter = mapEncounter(scope, patient, result?.pv1, pv2, 'R01');
  const orders = result?.orders ?? [];
  if (orders.length === 0) scope.draft.issue('warning', 'field.missing', 'OBR', 'the message holds no order');
  for (const [index, order] of orders.entries()) mapReport(scope, patient, encounter, order, index + 1);
  mapPatientObservations(
    scope,
    patient,
    encounter,
    (result?.others ?? []).filter((segment) => segment.name === 'OBX'),
  );
  return patient;
}

/** OBX that belong to no order: in an ADT, or before the first OBR. */
export function mapPatientObservations(
  scope: Scope,
  patient: MappedPatient,
  encounter: fhir4.Reference | undefined,
  segments: readonly Segment[],
): void {
  const control = scope.message.header.field(10).text ?? '';
  const key = [patient.owner.system, patient.owner.value, encounter?.reference ?? '', control];
  const frame: ObservationFrame = { patient, encounter, key, seen: new Map() };
  for (const obx of segments) if (!isAttachment(obx)) mapObservation(scope, frame, { obx, notes: [] });
}

function mapReport(
  scope: Scope,
  patient: MappedPatient,
  encounter: fhir4.Reference | undefined,
  group: OrderGroup,
  number: number,
): void {
  const { obr } = group;
  const order = mapOrder(scope, patient, encounter, group, number);
  const period = scope.period(obr.field(7), obr.field(8));
  const start = period?.start;
  const frame = { patient, encounter, key: order.key, effective: start, basedOn: order.request, seen: new Map() };
  const content = reportContent(scope, frame, group, order);
  const issued = scope.instant(obr.field(22));
  const interpreters = obr
    .all(32)
    .map((value) => practitioner(scope, namedPerson(value)))
    .filter((item) => item !== undefined);
  const made: fhir4.DiagnosticReport = {
    resourceType: 'DiagnosticReport',
    identifier: [...order.identifier],
    basedOn: [order.request],
    status: lookUp(scope, obr.field(25), REPORT_STATUS, 'HL70123') ?? 'unknown',
    ...category(scope, obr),
    code: order.code,
    subject: patient.reference,
    ...(encounter ? { encounter } : {}),
    ...(period?.end ? { effectivePeriod: period } : start ? { effectiveDateTime: start } : {}),
    ...(issued ? { issued } : {}),
    ...(interpreters.length > 0 ? { resultsInterpreter: interpreters } : {}),
    ...content,
  };
  scope.draft.add(order.key, made);
}

/** NDL (v2.9 §2A.3.45) holds its person as CNN in component 1; senders write XCN there as well. */
function namedPerson(value: ReturnType<Segment['field']>) {
  return value.part(1).parts().length > 1 ? value.part(1) : value;
}

function reportContent(
  scope: Scope,
  frame: ObservationFrame,
  group: OrderGroup,
  order: MappedOrder,
): Pick<fhir4.DiagnosticReport, 'specimen' | 'result' | 'presentedForm'> {
  const specimens = group.specimens.map(({ spm }, index) =>
    mapSpecimen(scope, frame.patient, order.key, spm, index + 1),
  );
  const older = specimens.length === 0 ? mapSpecimenSource(scope, frame.patient, order.key, group.obr) : undefined;
  const all = older ? [older] : specimens;
  const shared = all.length === 1 ? { ...frame, specimen: all[0] } : frame;
  const own = group.specimens.flatMap(({ observations }, index) =>
    observations.map((observation) => [{ ...frame, specimen: specimens[index] }, observation] as const),
  );
  const ordered: (readonly [ObservationFrame, ObservationGroup])[] = [
    ...group.observations.map((observation) => [shared, observation] as const),
    ...own,
  ];
  const presentedForm = ordered.flatMap(([, { obx }]) => (isAttachment(obx) ? attachments(scope, obx) : []));
  const result = ordered.flatMap(([of, observation]) =>
    isAttachment(observation.obx) ? [] : (mapObservation(scope, of, observation) ?? []),
  );
  return {
    ...(all.length > 0 ? { specimen: all } : {}),
    ...(result.length > 0 ? { result } : {}),
    ...(presentedForm.length > 0 ? { presentedForm } : {}),
  };
}

function category(scope: Scope, obr: Segment): Partial<fhir4.DiagnosticReport> {
  const code = obr.field(24).code;
  if (code === undefined) return {};
  return { category: [{ coding: [{ system: codeSystem('HL70074', scope.draft.context)!, code }] }] };
}
