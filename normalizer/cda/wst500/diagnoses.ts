/** 诊断, 中医病名 and 证候 → Condition; 手术 → Procedure. */
import { type Cda, owns, reference } from '../document.ts';
import { codingsOf, thoConcept } from '../types/codes.ts';
import { isPlaceholder } from '../types/nulls.ts';
import { occurrenceOf } from '../types/times.ts';
import * as element from './elements.ts';
import { type Fact, groupsOf } from './facts.ts';
import { keyOfFact, textOf } from './values.ts';

/** Facts of the groups that were read. */
export interface Made {
  readonly references: readonly string[];
  readonly used: readonly Fact[];
}

/** A name that says that the element was used for something else (诊疗计划 under the code of 诊断名称). */
const DIAGNOSIS = /诊断|病名|证候|病证|疾病|主病|主证|^$/;
const PROVISIONAL = /初步|初诊|疑似|入院诊断/;

export function readDiagnoses(cda: Cda, facts: readonly Fact[]): Made {
  const diagnoses = facts.filter((fact) => DIAGNOSIS.test(fact.name));
  const groups = [
    ...groupsOf(diagnoses, [element.DIAGNOSIS_NAME, element.DIAGNOSIS_CODE]),
    ...groupsOf(diagnoses, [element.TCM_DISEASE, element.TCM_SYNDROME]),
  ];
  return collect(groups, (group) => addDiagnosis(cda, group));
}

function addDiagnosis(cda: Cda, group: ReadonlyMap<string, Fact>): string | undefined {
  const facts = [...group.values()];
  const code = conceptOfGroup(facts);
  if (!code) return undefined;
  const first = facts[0]!;
  for (const fact of facts) owns(cda, fact.statement, 'Condition', 'wst500/diagnoses');
  return cda.draft.add(keyOfFact(cda, 'Condition', first), {
    resourceType: 'Condition',
    ...(facts.some((f) => PROVISIONAL.test(f.name))
      ? { verificationStatus: thoConcept('condition-ver-status', 'provisional') }
      : {}),
    category: [thoConcept('condition-category', 'encounter-diagnosis')],
    code,
    subject: { reference: cda.patient },
    encounter: reference(cda.encounter),
    recordedDate: facts.map((f) => occurrenceOf(f.statement.child('effectiveTime'), cda.draft).dateTime).find((t) => t),
  });
}

/** Codings of the coded facts, text of the plain ones. */
function conceptOfGroup(facts: readonly Fact[]): fhir4.CodeableConcept | undefined {
  const values = facts.flatMap((fact) => fact.statement.elements('value'));
  const coding = values.flatMap((value) => codingsOf(value));
  const text = values.map((value) => textOf(value)).find((t) => t);
  const display = coding.find((c) => c.display)?.display;
  return coding.length || text ? { coding, text: text ?? display } : undefined;
}

/** @param planned the document speaks of what is to be done: nothing of it is a Procedure yet */
export function readProcedures(cda: Cda, facts: readonly Fact[], planned: boolean): Made {
  if (planned) return { references: [], used: [] };
  const done = facts.filter((fact) => !/拟|计划|建议/.test(fact.name));
  const groups = groupsOf(done, [element.PROCEDURE_NAME, element.PROCEDURE_CODE]);
  return collect(groups, (group) => addProcedure(cda, [...group.values()]));
}

function addProcedure(cda: Cda, facts: readonly Fact[]): string | undefined {
  const code = conceptOfGroup(facts);
  if (!code || isPlaceholder(code.text ?? code.coding?.[0]?.code ?? '')) return undefined;
  for (const fact of facts) owns(cda, fact.statement, 'Procedure', 'wst500/procedures');
  const times = facts.map((f) => occurrenceOf(f.statement.child('effectiveTime'), cda.draft));
  const time = times.find((t) => t.dateTime ?? t.period);
  return cda.draft.add(keyOfFact(cda, 'Procedure', facts[0]!), {
    resourceType: 'Procedure',
    status: 'completed',
    code,
    subject: { reference: cda.patient },
    encounter: reference(cda.encounter),
    performedDateTime: time?.dateTime,
    performedPeriod: time?.period,
  });
}

export function collect(
  groups: readonly ReadonlyMap<string, Fact>[],
  add: (group: ReadonlyMap<string, Fact>) => string | undefined,
): Made {
  const references: string[] = [];
  const used: Fact[] = [];
  for (const group of groups) {
    const made = add(group);
    if (made === undefined) continue;
    references.push(made);
    used.push(...group.values());
  }
  return { references, used };
}
