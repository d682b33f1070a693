/** Problem Concern Act (template 4.3) and Problem Observation (4.4) → Condition. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, isNegated, keyFor, owns, reference } from '../document.ts';
import { conceptList } from '../header/encounter.ts';
import { authorOf } from '../header/people.ts';
import { concept, conceptOf, thoConcept } from '../types/codes.ts';
import { identifiersOf } from '../types/ids.ts';
import { absentExtension } from '../types/nulls.ts';
import { dateTimeOf, momentOf } from '../types/times.ts';
import { notesOf } from './observation.ts';

export const SNOMED = 'http://snomed.info/sct';
/** "Problem": with a negation it says that there is none. */
const PROBLEM = '55607006';
const NO_PROBLEMS = concept(SNOMED, '160245001', 'No current problems or disability');

export function mapProblems(cda: Cda, statement: XmlElement, category = 'problem-list-item'): string[] | undefined {
  const concern = statement.name === 'act' ? statement : undefined;
  const observations = concern
    ? concern.elements('entryRelationship').flatMap((r) => r.elements('observation').filter((o) => o.child('value')))
    : statement.name === 'observation' && statement.child('value')
      ? [statement]
      : [];
  if (!observations.length) return undefined;
  return observations.map((observation) => addCondition(cda, observation, concern, category));
}

function addCondition(cda: Cda, observation: XmlElement, concern: XmlElement | undefined, category: string): string {
  owns(cda, concern ?? observation, 'Condition', 'problems');
  const { draft } = cda;
  const time = observation.child('effectiveTime');
  const end = time?.child('high');
  const abatement = dateTimeOf(end, draft);
  const ended = abatement !== undefined || end?.attr('nullFlavor') === 'UNK';
  const value = observation.child('value');
  const none = isNegated(observation) && value?.attr('code') === PROBLEM;
  const author = observation.child('author') ? observation : concern;
  return draft.add(keyFor(cda, 'Condition', observation), {
    resourceType: 'Condition',
    identifier: identifiersOf(observation, cda.scope),
    clinicalStatus: thoConcept('condition-clinical', clinicalStatus(observation, concern, ended)),
    verificationStatus: thoConcept('condition-ver-status', isNegated(observation) && !none ? 'refuted' : 'confirmed'),
    category: [thoConcept('condition-category', category)],
    severity: conceptList(related(observation, 'SEV')?.child('value'))[0],
    code: none ? NO_PROBLEMS : (conceptOf(value) ?? { extension: absentExtension(value) }),
    bodySite: observation.elements('targetSiteCode').flatMap(conceptList),
    subject: { reference: cda.patient },
    onsetDateTime: dateTimeOf(time?.child('low'), draft) ?? dateTimeOf(time, draft),
    abatementDateTime: abatement,
    ...(ended && !abatement ? { _abatementDateTime: { extension: absentExtension(end) } } : {}),
    recordedDate: momentOf(author?.child('author', 'time'), draft),
    recorder: reference(author && authorOf(cda, author)),
    note: notesOf(observation),
  } as fhir4.Condition);
}

const STATUS: Readonly<Record<string, string>> = {
  55561003: 'active',
  73425007: 'inactive',
  413322009: 'resolved',
  246455001: 'recurrence',
  263855007: 'relapse',
  277022003: 'remission',
};

/** The status observation (33999-4), else the end of the problem, else the state of the concern. R4 con-4: ended is not active. */
export function clinicalStatus(observation: XmlElement, concern: XmlElement | undefined, ended: boolean): string {
  const said = STATUS[related(observation, '33999-4')?.child('value')?.attr('code') ?? ''];
  if (ended) return said === 'inactive' || said === 'remission' ? said : 'resolved';
  const state = concern?.child('statusCode')?.attr('code');
  return (
    said ?? (state === 'completed' ? 'resolved' : state === 'suspended' || state === 'aborted' ? 'inactive' : 'active')
  );
}

/** Observation below a statement by its code (LOINC or HL7 ActCode). */
export function related(statement: XmlElement, ...codes: string[]): XmlElement | undefined {
  return statement
    .elements('entryRelationship')
    .flatMap((r) => r.child('observation') ?? [])
    .find((o) => codes.includes(o.child('code')?.attr('code') ?? '-'));
}
