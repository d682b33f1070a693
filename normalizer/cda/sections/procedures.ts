/** Procedure Activity Procedure, Observation, Act (templates 4.14, 4.13, 4.12) → Procedure. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, isNegated, keyFor, owns } from '../document.ts';
import { conceptList } from '../header/encounter.ts';
import { performersOf } from '../header/people.ts';
import { identifiersOf } from '../types/ids.ts';
import { occurrenceOf } from '../types/times.ts';
import { reasonsOf } from './medications.ts';
import { codeOf, notesOf } from './observation.ts';

const STATUS: Readonly<Record<string, fhir4.Procedure['status']>> = {
  completed: 'completed',
  active: 'in-progress',
  aborted: 'stopped',
  cancelled: 'not-done',
  nullified: 'entered-in-error',
};

/** Only what happened (mood EVN): a plan is no Procedure. */
export function mapProcedures(cda: Cda, statement: XmlElement): string[] | undefined {
  if (!['procedure', 'act', 'observation'].includes(statement.name)) return undefined;
  if ((statement.attr('moodCode') ?? 'EVN') !== 'EVN' || !statement.child('code')) return undefined;
  owns(cda, statement, 'Procedure', 'procedures');
  const time = occurrenceOf(statement.child('effectiveTime'), cda.draft);
  const status = STATUS[statement.child('statusCode')?.attr('code') ?? ''] ?? 'unknown';
  const made = cda.draft.add(keyFor(cda, 'Procedure', statement), {
    resourceType: 'Procedure',
    identifier: identifiersOf(statement, cda.scope),
    status: isNegated(statement) ? 'not-done' : status,
    code: codeOf(statement),
    subject: { reference: cda.patient },
    performedDateTime: time.dateTime,
    performedPeriod: time.period,
    performer: performersOf(cda, statement).map((actor) => ({ actor: { reference: actor } })),
    reasonCode: reasonsOf(statement),
    bodySite: statement.elements('targetSiteCode').flatMap(conceptList),
    note: notesOf(statement),
  });
  return [made];
}
