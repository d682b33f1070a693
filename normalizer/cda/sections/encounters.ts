/** Encounter Activity (template 4.49) → Encounter; the one of the header is met again by its id. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, keyFor, owns, references } from '../document.ts';
import { classOf, conceptList } from '../header/encounter.ts';
import { addPerson } from '../header/people.ts';
import { codingsOf } from '../types/codes.ts';
import { identifiersOf } from '../types/ids.ts';
import { momentOf, periodOf } from '../types/times.ts';
import { reasonsOf } from './medications.ts';
import { mapProblems } from './problems.ts';

export function mapEncounters(cda: Cda, statement: XmlElement): string[] | undefined {
  if (statement.name !== 'encounter' || statement.attr('moodCode') === 'INT') return undefined;
  owns(cda, statement, 'Encounter', 'encounters');
  const { draft } = cda;
  const time = statement.child('effectiveTime');
  const moment = time?.child('low') ? undefined : momentOf(time, draft);
  const code = statement.child('code');
  const diagnoses = statement.elements('entryRelationship').flatMap((relation) => {
    const act = relation.child('act');
    return act ? (mapProblems(cda, act, 'encounter-diagnosis') ?? []) : [];
  });
  const people = statement.elements('performer').flatMap((p) => addPerson(cda, p.child('assignedEntity')) ?? []);
  const made = draft.add(keyFor(cda, 'Encounter', statement), {
    resourceType: 'Encounter',
    identifier: identifiersOf(statement, cda.scope),
    status: 'finished',
    class: classOf(codingsOf(code)),
    type: conceptList(code),
    subject: { reference: cda.patient },
    period: periodOf(time, draft) ?? (moment ? { start: moment } : undefined),
    participant: references(people).map((individual) => ({ individual })),
    reasonCode: reasonsOf(statement),
    diagnosis: references(diagnoses).map((condition) => ({ condition })),
  });
  return [made, ...diagnoses];
}
