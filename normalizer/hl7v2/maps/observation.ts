/** OBX (with its NTE) → Observation, or an attachment of the report. */
import { fixedConcept } from '../../shared/code.ts';
import { cwe, lookUp } from '../datatypes.ts';
import type { ObservationGroup } from '../reader/groups.ts';
import type { Segment } from '../reader/segment.ts';
import type { Scope } from '../scope.ts';
import type { MappedPatient } from './patient.ts';
import { organization, practitioner } from './people.ts';
import { clean, observationValues, referenceRange, type ValueElement } from './values.ts';

const INTERPRETATION = 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation';

/** HL7 table 0085 as the v2-to-FHIR guide maps it; codes without a mapping there give `unknown`. */
const STATUS = {
  A: 'amended',
  C: 'corrected',
  D: 'entered-in-error',
  F: 'final',
  P: 'preliminary',
  W: 'entered-in-error',
  X: 'cancelled',
  R: 'preliminary',
  S: 'preliminary',
  I: 'registered',
  O: 'registered',
  N: 'unknown',
  U: 'unknown',
  B: 'unknown',
  V: 'unknown',
} as const;

/** Codes of HL7 table 0078 that v3 ObservationInterpretation has, too, and the arrows that Chinese LIS print. */
const FLAGS = new Set(
  '< > A AA B CAR D DET E EX EXP H HH HU I IE IND L LL LU MS N NCL ND NEG NR NS POS R RR S SDD SYN-R SYN-S U W WR'.split(
    ' ',
  ),
);
const ARROWS: Readonly<Record<string, string>> = { '↑': 'H', '↓': 'L', '↑↑': 'HH', '↓↓': 'LL' };

/** What the order says for all of its observations. */
export interface ObservationFrame {
  readonly patient: MappedPatient;
  readonly encounter?: fhir4.Reference | undefined;
  /** Business key of the order, or of the visit for observations without one. */
  readonly key: readonly string[];
  readonly effective?: string | undefined;
  readonly basedOn?: fhir4.Reference | undefined;
  readonly specimen?: fhir4.Reference | undefined;
  /** Counts the observations of one code and sub-id, so that a repeated one gets its own id. */
  readonly seen: Map<string, number>;
}

export function mapObservation(
  scope: Scope,
  frame: ObservationFrame,
  { obx, notes }: ObservationGroup,
): fhir4.Reference | undefined {
  const code = cwe(scope, obx.field(3));
  if (!code) {
    scope.draft.issue('warning', 'field.missing', `${obx.place}-3`, 'the observation names no code');
    return undefined;
  }
  const [value, ...more] = observationValues(scope, obx);
  const effective = obx.field(14).isPopulated ? scope.time(obx.field(14)) : frame.effective;
  const interpretation = obx.all(8).flatMap((flag) => mapFlag(scope, flag.trimmed, flag.place));
  const method = cwe(scope, obx.field(17));
  const bodySite = cwe(scope, obx.field(20));
  const note = notes.flatMap(mapNote);
  const issued = scope.instant(obx.field(19));
  const made: fhir4.Observation = {
    resourceType: 'Observation',
    status: lookUp(scope, obx.field(11), STATUS, 'HL70085') ?? 'unknown',
    code,
    subject: frame.patient.reference,
    ...(frame.encounter ? { encounter: frame.encounter } : {}),
    ...(frame.basedOn ? { basedOn: [frame.basedOn] } : {}),
    ...(effective ? { effectiveDateTime: effective } : {}),
    ...(issued ? { issued } : {}),
    performer: performers(scope, obx),
    ...single(code, value, more),
    ...(interpretation.length > 0 ? { interpretation } : {}),
    ...(note.length > 0 ? { note } : {}),
    ...(bodySite ? { bodySite } : {}),
    ...(method ? { method } : {}),
    ...(frame.specimen ? { specimen: frame.specimen } : {}),
    referenceRange: referenceRange(scope, obx),
  };
  return { reference: scope.draft.add(observationKey(frame, code, obx), made) };
}

/** Repeated values are components under the same code, as the guide says. */
function single(
  code: fhir4.CodeableConcept,
  value: ValueElement | undefined,
  more: readonly ValueElement[],
): Partial<fhir4.Observation> {
  if (!value) return {};
  return more.length === 0 ? value : { component: [value, ...more].map((one) => ({ code, ...one })) };
}

function observationKey(frame: ObservationFrame, code: fhir4.CodeableConcept, obx: Segment): string[] {
  const first = code.coding?.[0];
  const subId = obx.field(4).whole ?? '';
  const key = [...frame.key, first?.system ?? '', first?.code ?? code.text ?? '', subId];
  const joined = JSON.stringify(key);
  const occurrence = (frame.seen.get(joined) ?? 0) + 1;
  frame.seen.set(joined, occurrence);
  return occurrence === 1 ? key : [...key, String(occurrence)];
}

function mapFlag(scope: Scope, flag: string | undefined, place: string): fhir4.CodeableConcept[] {
  if (flag === undefined) return [];
  const arrow = ARROWS[flag];
  if (arrow) return [fixedConcept(INTERPRETATION, arrow, flag)];
  if (FLAGS.has(flag)) return [fixedConcept(INTERPRETATION, flag)];
  scope.draft.issue('information', 'code.unmapped', place, 'the flag is kept as text');
  scope.draft.unmappedCode('HL70078', flag);
  return [{ text: flag }];
}

function performers(scope: Scope, obx: Segment): fhir4.Reference[] {
  const persons = obx.all(16).map((value) => practitioner(scope, value));
  const named = organization(scope, obx.field(23));
  return [...persons, named].filter((item) => item !== undefined);
}

/** NTE-3, each repetition a line. */
export function mapNote(nte: Segment): fhir4.Annotation[] {
  const text = clean(
    nte
      .all(3)
      .map((value) => value.whole ?? '')
      .join('\n'),
  );
  return text === undefined ? [] : [{ text }];
}
