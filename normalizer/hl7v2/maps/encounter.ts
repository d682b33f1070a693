/** PV1 and PV2 → Encounter. */
import { cwe, cx, lookUp } from '../datatypes.ts';
import type { Segment } from '../reader/segment.ts';
import type { Scope } from '../scope.ts';
import type { MappedPatient } from './patient.ts';
import { location, practitioner } from './people.ts';

const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const CLASS_TABLE = 'http://terminology.hl7.org/CodeSystem/v2-0004';
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';

/** HL7 table 0004 → v3 ActCode; the others stay codes of their table. */
const CLASSES: Readonly<Record<string, string>> = { I: 'IMP', O: 'AMB', E: 'EMER', P: 'PRENC' };

/** What an event says of the visit; the others are known from admission and discharge times. */
const EVENT_STATUS: Readonly<Record<string, fhir4.Encounter['status']>> = {
  A01: 'in-progress',
  A03: 'finished',
  A04: 'in-progress',
};

/** @param event MSH-9.2; @returns undefined where there is no visit */
export function mapEncounter(
  scope: Scope,
  patient: MappedPatient,
  pv1: Segment | undefined,
  pv2: Segment | undefined,
  event: string,
): fhir4.Reference | undefined {
  if (!pv1 || pv1.field(2).trimmed === undefined || pv1.field(2).raw === 'N') return undefined;
  const number = cx(scope, pv1.field(19));
  const period = scope.period(pv1.field(44), pv1.field(45));
  const priority = cwe(scope, pv1.field(4), 'HL70007');
  const service = cwe(scope, pv1.field(10), 'HL70069');
  const reasons = (pv2?.all(3) ?? []).map((value) => cwe(scope, value)).filter((item) => item !== undefined);
  const made: fhir4.Encounter = {
    resourceType: 'Encounter',
    ...(number ? { identifier: [number] } : {}),
    status: period?.end ? 'finished' : (EVENT_STATUS[event] ?? (period ? 'in-progress' : 'unknown')),
    class: encounterClass(scope, pv1),
    ...(service ? { serviceType: service } : {}),
    ...(priority ? { type: [priority] } : {}),
    subject: patient.reference,
    participant: participants(scope, pv1),
    ...(period ? { period } : {}),
    ...(reasons.length > 0 ? { reasonCode: reasons } : {}),
    ...hospitalization(scope, pv1),
    location: locations(scope, pv1, period?.end === undefined),
  };
  const visit = number
    ? [number.system ?? '', number.value!]
    : ['start', period?.start ?? scope.message.header.field(10).text ?? ''];
  return { reference: scope.draft.add([patient.owner.system, patient.owner.value, ...visit], made) };
}

function encounterClass(scope: Scope, pv1: Segment): fhir4.Coding {
  const code = pv1.field(2).code!;
  const known = CLASSES[code];
  if (known) return { system: ACT_CODE, code: known };
  if (!/^[RBCU]$/.test(code)) scope.unmapped(pv1.field(2), 'HL70004', code);
  return { system: CLASS_TABLE, code };
}

function participants(scope: Scope, pv1: Segment): fhir4.EncounterParticipant[] {
  const roles = [
    [7, 'ATND'],
    [8, 'REF'],
    [9, 'CON'],
    [17, 'ADM'],
  ] as const;
  return roles.flatMap(([field, code]) =>
    pv1.all(field).flatMap((value) => {
      const individual = practitioner(scope, value);
      return individual ? [{ type: [{ coding: [{ system: PARTICIPATION, code }] }], individual }] : [];
    }),
  );
}

function locations(scope: Scope, pv1: Segment, open: boolean): fhir4.EncounterLocation[] {
  const now = location(scope, pv1.field(3));
  const before = location(scope, pv1.field(6));
  return [
    ...(now ? [{ location: now, status: open ? ('active' as const) : ('completed' as const) }] : []),
    ...(before ? [{ location: before, status: 'completed' as const }] : []),
  ];
}

function hospitalization(scope: Scope, pv1: Segment): Partial<fhir4.Encounter> {
  const admitSource = cwe(scope, pv1.field(14), 'HL70023');
  const dischargeDisposition = cwe(scope, pv1.field(36), 'HL70112');
  const again = lookUp(scope, pv1.field(13), { R: 'R' }, 'HL70092');
  if (!admitSource && !dischargeDisposition && !again) return {};
  return {
    hospitalization: {
      ...(admitSource ? { admitSource } : {}),
      ...(dischargeDisposition ? { dischargeDisposition } : {}),
      ...(again
        ? { reAdmission: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0092', code: again }] } }
        : {}),
    },
  };
}
