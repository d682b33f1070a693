/** 检验项目 with number, unit and flag → one Observation each (data elements DE04.30.015 to .020). */

import { measured, quantity } from '../../shared/result.ts';
import { type Cda, owns, reference } from '../document.ts';
import { referenceRange, statusOf } from '../sections/observation.ts';
import { concept, conceptOf, thoConcept } from '../types/codes.ts';
import { absentConcept } from '../types/nulls.ts';
import { unitNamed } from '../types/quantity.ts';
import { occurrenceOf } from '../types/times.ts';
import { observedValue } from '../types/values.ts';
import { collect, type Made } from './diagnoses.ts';
import * as element from './elements.ts';
import { type Fact, groupsOf } from './facts.ts';
import { keyOfFact, textOf } from './values.ts';

/** 检查/检验结果代码: 1 正常, 2 异常, 3 不确定. */
const FLAGS: Readonly<Record<string, string>> = { 1: 'N', 2: 'A', 3: 'IND' };
const PARTS = [
  element.LAB_ITEM,
  element.LAB_ITEM_NAME,
  element.LAB_RESULT,
  element.LAB_NUMBER,
  element.LAB_UNIT,
  element.LAB_FLAG,
];

/** Needs an item and a result; 标本类别 stands under the item's code in real documents and is none. */
export function readLaboratory(cda: Cda, facts: readonly Fact[]): Made {
  const items = facts.filter((fact) => !fact.name.includes('标本'));
  const groups = groupsOf(items, PARTS).filter((group) => itemOf(group) && resultOf(group));
  return collect(groups, (group) => addResult(cda, group));
}

function itemOf(group: ReadonlyMap<string, Fact>): Fact | undefined {
  return group.get(element.LAB_ITEM) ?? group.get(element.LAB_ITEM_NAME);
}

function resultOf(group: ReadonlyMap<string, Fact>): Fact | undefined {
  return group.get(element.LAB_NUMBER) ?? group.get(element.LAB_RESULT);
}

function addResult(cda: Cda, group: ReadonlyMap<string, Fact>): string {
  const item = itemOf(group)!;
  for (const fact of group.values()) owns(cda, fact.statement, 'Observation', 'wst500/laboratory');
  const time = occurrenceOf(item.statement.child('effectiveTime'), cda.draft);
  const status = statusOf(item.statement);
  return cda.draft.add(keyOfFact(cda, 'Observation', item), {
    resourceType: 'Observation',
    status: status === 'unknown' ? 'final' : status,
    category: [thoConcept('observation-category', 'laboratory')],
    code: itemConcept(cda, group),
    subject: { reference: cda.patient },
    encounter: reference(cda.encounter),
    effectiveDateTime: time.dateTime,
    effectivePeriod: time.period,
    ...resultValue(cda, group),
    interpretation: interpretation(group),
    referenceRange: resultOf(group)!.statement.elements('referenceRange').flatMap(referenceRange),
  });
}

/** The item's code is the hospital's own; a coded value brings its system along. */
function itemConcept(cda: Cda, group: ReadonlyMap<string, Fact>): fhir4.CodeableConcept {
  const value = group.get(element.LAB_ITEM)?.statement.child('value');
  const name = textOf(group.get(element.LAB_ITEM_NAME)?.statement.child('value'));
  const coded = conceptOf(value);
  if (coded?.coding) return { ...coded, text: name ?? coded.text };
  const code = textOf(value);
  const system = `urn:dhc:${cda.scope.hospital.id}:code-system:lab-item`;
  if (code) cda.draft.unmappedCode(system, code);
  return code ? { ...concept(system, code, name), text: name ?? code } : { text: name };
}

function resultValue(cda: Cda, group: ReadonlyMap<string, Fact>): Partial<fhir4.Observation> {
  const result = resultOf(group)!.statement.child('value');
  const unit = textOf(group.get(element.LAB_UNIT)?.statement.child('value'));
  const text = result?.attr('value') ?? result?.text() ?? '';
  const number = measured(text);
  const own = result?.attr('unit');
  if (number) return { valueQuantity: quantity(number, unitNamed(own ?? unit)) };
  return result ? observedValue(result, cda.draft) : { dataAbsentReason: absentConcept() };
}

function interpretation(group: ReadonlyMap<string, Fact>): fhir4.CodeableConcept[] {
  const coded = conceptOf(group.get(element.LAB_FLAG)?.statement.child('value'));
  const flag = FLAGS[coded?.coding?.[0]?.code ?? ''];
  if (!coded?.coding) return [];
  const standard = flag ? thoConcept('v3-ObservationInterpretation', flag).coding! : [];
  return [{ ...coded, coding: [...standard, ...coded.coding] }];
}
