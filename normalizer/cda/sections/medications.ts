/** Medication Activity (template 4.16) → MedicationRequest, or MedicationStatement where it tells what was taken (mood EVN). */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, isNegated, keyFor, owns, reference } from '../document.ts';
import { conceptList } from '../header/encounter.ts';
import { authorOf } from '../header/people.ts';
import { identifiersOf } from '../types/ids.ts';
import { decimalText } from '../types/quantity.ts';
import { dateTimeOf, momentOf, periodOf } from '../types/times.ts';
import { dosageOf, medicationOf, quantityOfSupply } from './dosage.ts';
import { notesOf } from './observation.ts';

export function mapMedications(cda: Cda, statement: XmlElement): string[] | undefined {
  if (statement.name !== 'substanceAdministration' || !statement.child('consumable')) return undefined;
  return [statement.attr('moodCode') === 'EVN' ? addStatement(cda, statement) : addRequest(cda, statement)];
}

const REQUEST: Readonly<Record<string, fhir4.MedicationRequest['status']>> = {
  active: 'active',
  completed: 'completed',
  suspended: 'on-hold',
  held: 'on-hold',
  aborted: 'stopped',
  cancelled: 'cancelled',
  nullified: 'entered-in-error',
};

function addRequest(cda: Cda, statement: XmlElement): string {
  owns(cda, statement, 'MedicationRequest', 'medications');
  const { draft } = cda;
  const supply = supplyOf(statement, 'INT') ?? supplyOf(statement, 'RQO');
  const use = useOf(cda, statement);
  const dosageInstruction = dosageOf(statement);
  if (use.period) {
    dosageInstruction[0] ??= {};
    const timing = dosageInstruction[0].timing;
    dosageInstruction[0].timing = { ...timing, repeat: { ...timing?.repeat, boundsPeriod: use.period } };
  }
  return draft.add(keyFor(cda, 'MedicationRequest', statement), {
    resourceType: 'MedicationRequest',
    identifier: identifiersOf(statement, cda.scope),
    status: REQUEST[statement.child('statusCode')?.attr('code') ?? ''] ?? 'unknown',
    intent: statement.attr('moodCode') === 'PRP' ? 'proposal' : 'order',
    doNotPerform: isNegated(statement) || undefined,
    medicationCodeableConcept: medicationOf(statement),
    subject: { reference: cda.patient },
    authoredOn: momentOf(statement.child('author', 'time'), draft),
    requester: reference(authorOf(cda, statement)),
    reasonCode: reasonsOf(statement),
    note: notesOf(statement),
    dosageInstruction,
    dispenseRequest: { numberOfRepeatsAllowed: repeats(supply), quantity: quantityOfSupply(supply) },
  });
}

const STATEMENT: Readonly<Record<string, fhir4.MedicationStatement['status']>> = {
  ...(REQUEST as Record<string, fhir4.MedicationStatement['status']>),
  cancelled: 'not-taken',
};

function addStatement(cda: Cda, statement: XmlElement): string {
  owns(cda, statement, 'MedicationStatement', 'medications');
  const { draft } = cda;
  const use = useOf(cda, statement);
  const status = STATEMENT[statement.child('statusCode')?.attr('code') ?? ''] ?? 'unknown';
  return draft.add(keyFor(cda, 'MedicationStatement', statement), {
    resourceType: 'MedicationStatement',
    identifier: identifiersOf(statement, cda.scope),
    status: isNegated(statement) ? 'not-taken' : status,
    medicationCodeableConcept: medicationOf(statement),
    subject: { reference: cda.patient },
    effectiveDateTime: use.dateTime,
    effectivePeriod: use.period,
    dateAsserted: momentOf(statement.child('author', 'time'), draft),
    informationSource: reference(authorOf(cda, statement)),
    reasonCode: reasonsOf(statement),
    note: notesOf(statement),
    dosage: dosageOf(statement),
  });
}

/** The effectiveTime that is no timing: the interval or moment of use. */
function useOf(cda: Cda, statement: XmlElement): { period?: fhir4.Period; dateTime?: string } {
  const time = statement.elements('effectiveTime').find((t) => !/[PE]IVL_TS$/.test(t.attr('xsi:type') ?? ''));
  const period = periodOf(time, cda.draft);
  return period ? { period } : { dateTime: dateTimeOf(time, cda.draft) };
}

function supplyOf(statement: XmlElement, mood: string): XmlElement | undefined {
  const supplies = statement.elements('entryRelationship').flatMap((r) => r.child('supply') ?? []);
  return supplies.find((s) => s.attr('moodCode') === mood);
}

/** repeatNumber counts all dispenses (C-CDA R2.1 Medication Supply Order), FHIR the ones after the first. */
function repeats(supply: XmlElement | undefined): number | undefined {
  const text = decimalText(supply?.child('repeatNumber')?.attr('value'));
  return text && /^\d{1,4}$/.test(text) && Number(text) > 0 ? Number(text) - 1 : undefined;
}

/** Indication (template 4.19). */
export function reasonsOf(statement: XmlElement): fhir4.CodeableConcept[] {
  const reasons = statement.elements('entryRelationship').filter((r) => r.attr('typeCode') === 'RSON');
  return reasons.flatMap((r) => {
    const observation = r.child('observation');
    const value = conceptList(observation?.child('value'));
    return value.length ? value : conceptList(observation?.child('code'));
  });
}
