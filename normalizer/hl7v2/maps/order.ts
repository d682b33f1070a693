/** ORC and OBR of one order observation → ServiceRequest and the frame of its DiagnosticReport. */
import { cwe, ei, lookUp } from '../datatypes.ts';
import type { OrderGroup } from '../reader/groups.ts';
import type { Scope } from '../scope.ts';
import { mapNote } from './observation.ts';
import type { MappedPatient } from './patient.ts';
import { practitioner } from './people.ts';

/** HL7 table 0038 as the v2-to-FHIR guide maps it. */
const ORDER_STATUS = {
  CA: 'revoked',
  CM: 'completed',
  DC: 'revoked',
  ER: 'entered-in-error',
  HD: 'on-hold',
  IP: 'active',
  RP: 'revoked',
  SC: 'active',
  A: 'active',
} as const;

export interface MappedOrder {
  readonly request: fhir4.Reference;
  readonly code: fhir4.CodeableConcept;
  /** Placer and filler numbers. */
  readonly identifier: readonly fhir4.Identifier[];
  /** Business key of the order within the hospital. */
  readonly key: readonly string[];
}

export function mapOrder(
  scope: Scope,
  patient: MappedPatient,
  encounter: fhir4.Reference | undefined,
  { orc, obr, notes }: OrderGroup,
  number: number,
): MappedOrder {
  const orderNumbers = orc ? [ei(scope, orc.field(2), 'PLAC'), ei(scope, orc.field(3), 'FILL')] : [];
  const placer = ei(scope, obr.field(2), 'PLAC') ?? orderNumbers[0];
  const filler = ei(scope, obr.field(3), 'FILL') ?? orderNumbers[1];
  const identifier = [placer, filler].filter((item) => item !== undefined);
  const code = cwe(scope, obr.field(4)) ?? { text: obr.field(4).whole ?? 'OBR' };
  const key = orderKey(scope, patient, placer, filler, code, number);
  const requesters = [...(orc?.all(12) ?? []), ...obr.all(16)].map((value) => practitioner(scope, value));
  const requester = requesters.find((item) => item !== undefined);
  const authored = orc ? scope.time(orc.field(9)) : undefined;
  const reasons = obr
    .all(31)
    .map((value) => cwe(scope, value))
    .filter((item) => item !== undefined);
  const note = notes.flatMap(mapNote);
  const made: fhir4.ServiceRequest = {
    resourceType: 'ServiceRequest',
    identifier,
    status: (orc ? lookUp(scope, orc.field(5), ORDER_STATUS, 'HL70038') : undefined) ?? 'unknown',
    intent: 'order',
    code,
    subject: patient.reference,
    ...(encounter ? { encounter } : {}),
    ...(authored ? { authoredOn: authored } : {}),
    ...(requester ? { requester } : {}),
    ...(reasons.length > 0 ? { reasonCode: reasons } : {}),
    ...(note.length > 0 ? { note } : {}),
  };
  return { request: { reference: scope.draft.add(key, made) }, code, identifier, key };
}

/** The order's numbers; without any, its place in this message. */
function orderKey(
  scope: Scope,
  patient: MappedPatient,
  placer: fhir4.Identifier | undefined,
  filler: fhir4.Identifier | undefined,
  code: fhir4.CodeableConcept,
  number: number,
): string[] {
  const own = filler ?? placer;
  const service = code.coding?.[0]?.code ?? code.text ?? '';
  if (own) return ['order', own.type!.coding![0]!.code!, own.system ?? '', own.value!, service];
  const { system, value } = patient.owner;
  return ['order', system, value, scope.message.header.field(10).text ?? '', String(number), service];
}
