/** 过敏史 → AllergyIntolerance, 血压 → one Observation, 医嘱 → MedicationRequest or ServiceRequest. */
import { type Cda, owns, reference } from '../document.ts';
import { authorOf } from '../header/people.ts';
import { SNOMED } from '../sections/problems.ts';
import { concept, conceptOf, thoConcept } from '../types/codes.ts';
import { absentExtension } from '../types/nulls.ts';
import { momentOf } from '../types/times.ts';
import { booleanOf } from '../types/values.ts';
import { collect, type Made } from './diagnoses.ts';
import * as element from './elements.ts';
import { type Fact, groupsOf } from './facts.ts';
import { keyOfFact, observationOf, textOf } from './values.ts';

export function readAllergies(cda: Cda, facts: readonly Fact[]): Made {
  const groups = groupsOf(facts, [element.ALLERGY_FLAG, element.ALLERGY_TEXT]);
  return collect(groups, (group) => addAllergy(cda, group));
}

/** 否认药物过敏史, 无, 未发现食物过敏: every clause has to deny; one that does not makes the text a finding. */
export function deniesAllergies(text: string): boolean {
  const clauses = text.split(/[，,。；;\s]+/).filter((clause) => clause !== '');
  return clauses.length > 0 && clauses.every((clause) => /^(否认|无|没有|未发现|未见|不存在)/.test(clause));
}

function addAllergy(cda: Cda, group: ReadonlyMap<string, Fact>): string | undefined {
  const [first] = group.values();
  const flag = booleanOf(group.get(element.ALLERGY_FLAG)?.statement.child('value'));
  const text = textOf(group.get(element.ALLERGY_TEXT)?.statement.child('value'));
  const denied = text === undefined ? flag === false : deniesAllergies(text);
  if (flag === undefined && text === undefined) return undefined;
  if (flag !== undefined && text !== undefined && flag === denied) {
    cda.draft.issue(
      'warning',
      'structure.unexpected',
      first!.statement.path(),
      'the allergy flag and the allergy text contradict each other',
    );
    return undefined;
  }
  for (const fact of group.values()) owns(cda, fact.statement, 'AllergyIntolerance', 'wst500/allergies');
  return cda.draft.add(keyOfFact(cda, 'AllergyIntolerance', first!), {
    resourceType: 'AllergyIntolerance',
    clinicalStatus: thoConcept('allergyintolerance-clinical', 'active'),
    code: denied ? noKnown(text) : text ? { text } : { extension: absentExtension() },
    patient: { reference: cda.patient },
    encounter: reference(cda.encounter),
  });
}

/** What is denied: drugs, food, or any allergy. */
function noKnown(text: string | undefined): fhir4.CodeableConcept {
  const drug = /药/.test(text ?? '');
  const food = /食/.test(text ?? '');
  const coded =
    drug && !food
      ? concept(SNOMED, '409137002', 'No known drug allergy')
      : food && !drug
        ? concept(SNOMED, '429625007', 'No known food allergy')
        : concept(SNOMED, '716186003', 'No known allergy');
  return { ...coded, text };
}

/** Systolic and diastolic pressure of one entry. */
export function readBloodPressure(cda: Cda, facts: readonly Fact[]): Made {
  const groups = groupsOf(facts, [element.SYSTOLIC, element.DIASTOLIC]);
  return collect(
    groups.filter((group) => group.size === 2),
    (group) => {
      const systolic = group.get(element.SYSTOLIC)!;
      const both = [systolic, group.get(element.DIASTOLIC)!];
      for (const fact of both) owns(cda, fact.statement, 'Observation', 'wst500/blood-pressure');
      const { identifier: _, valueQuantity, dataAbsentReason, ...shared } = observationOf(cda, systolic);
      return cda.draft.add([...keyOfFact(cda, 'Observation', systolic), 'blood-pressure'], {
        ...shared,
        code: concept('http://loinc.org', '85354-9', 'Blood pressure panel with all children optional'),
        component: both.map((fact) => {
          const part = fact === systolic ? { ...shared, valueQuantity, dataAbsentReason } : observationOf(cda, fact);
          return { code: part.code, valueQuantity: part.valueQuantity, dataAbsentReason: part.dataAbsentReason };
        }),
      });
    },
  );
}

/** 医嘱项目: kind decides the resource; what nobody said of its state stays unknown. */
export function readOrders(cda: Cda, facts: readonly Fact[]): Made {
  const groups = groupsOf(facts, [element.ORDER_CLASS, element.ORDER_KIND, element.ORDER_ITEM]);
  return collect(groups, (group) => addOrder(cda, group));
}

function addOrder(cda: Cda, group: ReadonlyMap<string, Fact>): string | undefined {
  const item = group.get(element.ORDER_ITEM);
  const content = item?.statement.child('value');
  const text = textOf(content) ?? conceptOf(content)?.text;
  if (!item || !text) return undefined;
  const kind = conceptOf(group.get(element.ORDER_KIND)?.statement.child('value'));
  const order = conceptOf(group.get(element.ORDER_CLASS)?.statement.child('value'));
  const shared = {
    intent: 'order' as const,
    status: 'unknown' as const,
    category: [kind, order].flatMap((c) => (c?.coding || c?.text ? [c] : [])),
    subject: { reference: cda.patient },
    encounter: reference(cda.encounter),
    authoredOn: momentOf(item.statement.child('effectiveTime') ?? item.statement.child('author', 'time'), cda.draft),
    requester: reference(authorOf(cda, item.statement)),
  };
  const code = conceptOf(content)?.coding ? conceptOf(content)! : { text };
  const medication = kind?.coding?.[0]?.code === '01' || /药/.test(kind?.text ?? '');
  const type = medication ? 'MedicationRequest' : 'ServiceRequest';
  for (const fact of group.values()) owns(cda, fact.statement, type, 'wst500/orders');
  const key = keyOfFact(cda, type, item);
  return medication
    ? cda.draft.add(key, { resourceType: 'MedicationRequest', ...shared, medicationCodeableConcept: code })
    : cda.draft.add(key, { resourceType: 'ServiceRequest', ...shared, code });
}
