/** Result Organizer (template 4.1) → DiagnosticReport, Result Observation (4.2) → Observation. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, keyFor, owns, references } from '../document.ts';
import { performersOf } from '../header/people.ts';
import { thoConcept } from '../types/codes.ts';
import { identifiersOf } from '../types/ids.ts';
import { occurrenceOf } from '../types/times.ts';
import { addObservation, codeOf, statusOf } from './observation.ts';

export function mapResults(cda: Cda, statement: XmlElement): string[] | undefined {
  if (statement.name === 'observation' && statement.child('code'))
    return [addObservation(cda, statement, 'laboratory', 'results')];
  if (statement.name !== 'organizer') return undefined;
  const observations = observationsOf(statement);
  if (!observations.length) return undefined;
  const made = observations.map((o) => addObservation(cda, o, 'laboratory', 'results'));
  return [addReport(cda, statement, made), ...made];
}

/** Observations of an organizer and of the organizers within it. */
export function observationsOf(organizer: XmlElement): XmlElement[] {
  return organizer
    .elements('component')
    .flatMap((c) => [...c.elements('observation'), ...c.elements('organizer').flatMap(observationsOf)]);
}

function addReport(cda: Cda, organizer: XmlElement, result: readonly string[]): string {
  owns(cda, organizer, 'DiagnosticReport', 'results');
  const time = occurrenceOf(organizer.child('effectiveTime'), cda.draft);
  return cda.draft.add(keyFor(cda, 'DiagnosticReport', organizer), {
    resourceType: 'DiagnosticReport',
    identifier: identifiersOf(organizer, cda.scope),
    status: statusOf(organizer) as fhir4.DiagnosticReport['status'],
    category: [thoConcept('v2-0074', 'LAB')],
    code: codeOf(organizer),
    subject: { reference: cda.patient },
    effectiveDateTime: time.dateTime,
    effectivePeriod: time.period,
    performer: references(performersOf(cda, organizer)),
    result: references(result),
  });
}
