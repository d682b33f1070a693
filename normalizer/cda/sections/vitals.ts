/** Vital Signs Organizer (template 4.26) → Observations; systolic and diastolic of one organizer are one blood pressure. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, keyFor, owns } from '../document.ts';
import { concept } from '../types/codes.ts';
import { addObservation, observationParts } from './observation.ts';
import { observationsOf } from './results.ts';

const LOINC = 'http://loinc.org';
const SYSTOLIC = '8480-6';
const DIASTOLIC = '8462-4';

export function mapVitals(cda: Cda, statement: XmlElement): string[] | undefined {
  const observations = statement.name === 'organizer' ? observationsOf(statement) : [statement];
  const usable = observations.filter((o) => o.name === 'observation' && o.child('code'));
  if (!usable.length) return undefined;
  const systolic = usable.find((o) => loincOf(o) === SYSTOLIC);
  const diastolic = usable.find((o) => loincOf(o) === DIASTOLIC);
  if (!systolic || !diastolic) return usable.map((o) => addObservation(cda, o, 'vital-signs', 'vitals'));
  const others = usable.filter((o) => o !== systolic && o !== diastolic);
  return [
    addBloodPressure(cda, systolic, diastolic),
    ...others.map((o) => addObservation(cda, o, 'vital-signs', 'vitals')),
  ];
}

function loincOf(observation: XmlElement): string | undefined {
  return observation.child('code')?.attr('code')?.trim();
}

/** FHIR vital signs profile: 85354-9 with two components. */
function addBloodPressure(cda: Cda, systolic: XmlElement, diastolic: XmlElement): string {
  const upper = observationParts(cda, systolic, 'vital-signs');
  const lower = observationParts(cda, diastolic, 'vital-signs');
  owns(cda, systolic, 'Observation', 'vitals');
  owns(cda, diastolic, 'Observation', 'vitals');
  return cda.draft.add([...keyFor(cda, 'Observation', systolic), 'blood-pressure'], {
    resourceType: 'Observation',
    identifier: upper.identifier,
    status: upper.status,
    category: upper.category,
    code: concept(LOINC, '85354-9', 'Blood pressure panel with all children optional'),
    subject: upper.subject,
    effectiveDateTime: upper.effectiveDateTime,
    effectivePeriod: upper.effectivePeriod,
    performer: upper.performer,
    bodySite: upper.bodySite,
    method: upper.method,
    component: [upper, lower].map(componentOf),
  });
}

function componentOf(part: fhir4.Observation): fhir4.ObservationComponent {
  const { code, valueQuantity, valueString, dataAbsentReason, interpretation, referenceRange } = part;
  return { code, valueQuantity, valueString, dataAbsentReason, interpretation, referenceRange };
}
