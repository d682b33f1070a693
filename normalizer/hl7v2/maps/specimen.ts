/** SPM, and the older OBR-15 → Specimen. */
import { cwe, ei } from '../datatypes.ts';
import type { Segment } from '../reader/segment.ts';
import type { Scope } from '../scope.ts';
import type { MappedPatient } from './patient.ts';

export function mapSpecimen(
  scope: Scope,
  patient: MappedPatient,
  orderKey: readonly string[],
  spm: Segment,
  number: number,
): fhir4.Reference {
  const pair = spm.field(2);
  const [placer, filler] = [entity(scope, pair.part(1), 'PLAC'), entity(scope, pair.part(2), 'FILL')];
  const identifier = [filler, placer].filter((item) => item !== undefined);
  const type = cwe(scope, spm.field(4));
  const method = cwe(scope, spm.field(7), 'HL70488');
  const bodySite = cwe(scope, spm.field(8));
  const span = spm.field(17);
  const collectedPeriod = scope.period(span.part(1), span.part(2));
  const received = scope.time(spm.field(18));
  const collected = collectedPeriod?.end
    ? { collectedPeriod }
    : collectedPeriod?.start
      ? { collectedDateTime: collectedPeriod.start }
      : {};
  const collection = { ...collected, ...(method ? { method } : {}), ...(bodySite ? { bodySite } : {}) };
  const made: fhir4.Specimen = {
    resourceType: 'Specimen',
    identifier,
    ...(type ? { type } : {}),
    subject: patient.reference,
    ...(received ? { receivedTime: received } : {}),
    collection,
  };
  const own = identifier[0];
  const key = own ? [own.system ?? '', own.value!] : [String(number)];
  return { reference: scope.draft.add([...orderKey, ...key], made) };
}

/** SPS in OBR-15 (withdrawn in v2.7): source ^ additives ^ text ^ body site. */
export function mapSpecimenSource(
  scope: Scope,
  patient: MappedPatient,
  orderKey: readonly string[],
  obr: Segment,
): fhir4.Reference | undefined {
  const source = obr.field(15);
  const code = source.part(1).part(1).trimmed;
  const shown = source.part(1).part(2).trimmed ?? source.part(3).trimmed;
  if (code === undefined && shown === undefined) return undefined;
  const received = scope.time(obr.field(14));
  const made: fhir4.Specimen = {
    resourceType: 'Specimen',
    type: { ...(code ? { coding: [{ code, ...(shown ? { display: shown } : {}) }] } : { text: shown! }) },
    subject: patient.reference,
    ...(received ? { receivedTime: received } : {}),
  };
  return { reference: scope.draft.add([...orderKey, 'OBR-15'], made) };
}

/** One half of an EIP, whose parts are sub-components. */
function entity(scope: Scope, half: ReturnType<Segment['field']>, type: string): fhir4.Identifier | undefined {
  return half.isPopulated ? ei(scope, half, type) : undefined;
}
