/** observation → Observation: what results, vital signs, social history and WS/T 500 share. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, keyFor, owns, references } from '../document.ts';
import { conceptList } from '../header/encounter.ts';
import { performersOf } from '../header/people.ts';
import { narrativeText } from '../narrative.ts';
import { conceptOf, thoConcept } from '../types/codes.ts';
import { identifiersOf } from '../types/ids.ts';
import { absentConcept, absentExtension } from '../types/nulls.ts';
import { intervalOf, simple } from '../types/quantity.ts';
import { occurrenceOf } from '../types/times.ts';
import { observedValue } from '../types/values.ts';

/** ActStatus → ObservationStatus (C-CDA on FHIR, results). */
const STATUS: Readonly<Record<string, fhir4.Observation['status']>> = {
  completed: 'final',
  active: 'preliminary',
  new: 'registered',
  held: 'registered',
  aborted: 'cancelled',
  cancelled: 'cancelled',
  nullified: 'entered-in-error',
};

export function statusOf(statement: XmlElement): fhir4.Observation['status'] {
  return STATUS[statement.child('statusCode')?.attr('code') ?? ''] ?? 'unknown';
}

export function observationParts(cda: Cda, statement: XmlElement, category: string): fhir4.Observation {
  const { draft } = cda;
  const time = occurrenceOf(statement.child('effectiveTime'), draft);
  return {
    resourceType: 'Observation',
    identifier: identifiersOf(statement, cda.scope),
    status: statusOf(statement),
    category: category ? [thoConcept('observation-category', category)] : [],
    code: codeOf(statement),
    subject: { reference: cda.patient },
    effectiveDateTime: time.dateTime,
    effectivePeriod: time.period,
    performer: references(performersOf(cda, statement)),
    ...values(cda, statement),
    interpretation: statement.elements('interpretationCode').flatMap(conceptList),
    note: notesOf(statement),
    bodySite: conceptList(statement.child('targetSiteCode'))[0],
    method: conceptList(statement.child('methodCode'))[0],
    referenceRange: statement.elements('referenceRange').flatMap(referenceRange),
  };
}

/** The statement's code, with a data-absent-reason where it has none: Observation.code is required. */
export function codeOf(statement: XmlElement): fhir4.CodeableConcept {
  return conceptOf(statement.child('code')) ?? { extension: absentExtension(statement.child('code')) };
}

/** The first value is the Observation's; others, which R4 has no room for, are components under the same code. */
function values(cda: Cda, statement: XmlElement): Partial<fhir4.Observation> {
  const [first, ...more] = statement.elements('value').map((value) => observedValue(value, cda.draft));
  const component = more.map((value) => ({ code: codeOf(statement), ...value }));
  return { ...(first ?? { dataAbsentReason: absentConcept(statement) }), component };
}

export function referenceRange(element: XmlElement): fhir4.ObservationReferenceRange[] {
  const range = element.child('observationRange');
  const value = intervalOf(range?.child('value'));
  const text = range?.child('text');
  const found: fhir4.ObservationReferenceRange = {
    low: value?.range?.low ?? (value?.quantity?.comparator?.startsWith('>') ? simple(value.quantity) : undefined),
    high: value?.range?.high ?? (value?.quantity?.comparator?.startsWith('<') ? simple(value.quantity) : undefined),
    text: (text && narrativeText(text)) || range?.child('value')?.text() || undefined,
  };
  // R4 obs-3: low, high or text.
  return found.low || found.high || found.text ? [found] : [];
}

/** Comment Activity (template 4.64, LOINC 48767-8) below a statement → notes. */
export function notesOf(statement: XmlElement): fhir4.Annotation[] {
  return statement.elements('entryRelationship').flatMap((relation) => {
    const act = relation.child('act');
    const text = act?.child('text');
    if (act?.child('code')?.attr('code') !== '48767-8' || !text) return [];
    const note = narrativeText(text);
    return note ? [{ text: note }] : [];
  });
}

export function addObservation(cda: Cda, statement: XmlElement, category: string, rule: string): string {
  owns(cda, statement, 'Observation', rule);
  return cda.draft.add(keyFor(cda, 'Observation', statement), observationParts(cda, statement, category));
}
