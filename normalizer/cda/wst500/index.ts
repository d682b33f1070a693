/** Sections of a WS/T 500 document → Composition sections, clinical resources and, for everything else coded, Observations. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, references } from '../document.ts';
import type { DocumentHeader } from '../header/composition.ts';
import { composeSections } from '../sections/compose.ts';
import { mapProcedures } from '../sections/procedures.ts';
import { concept, thoConcept } from '../types/codes.ts';
import { momentOf } from '../types/times.ts';
import type { DocumentType } from './catalogue.ts';
import { readAllergies, readBloodPressure, readOrders } from './clinical.ts';
import { type Made, readDiagnoses, readProcedures } from './diagnoses.ts';
import { ADMITTED, CHIEF_COMPLAINT, DISCHARGED } from './elements.ts';
import { type Fact, factsOf } from './facts.ts';
import { readLaboratory } from './laboratory.ts';
import { addFact, isBlank, textOf } from './values.ts';

const EXAMINATION = 6;
const LABORATORY = 7;

export function readDataElements(
  cda: Cda,
  type: DocumentType,
  header: DocumentHeader,
  report: readonly fhir4.Identifier[],
): fhir4.CompositionSection[] {
  const observations: string[] = [];
  const sections = composeSections(cda, (section) => {
    const made = readSection(cda, section, type);
    observations.push(...made.observations);
    return [...made.clinical, ...made.observations];
  });
  if (type.number === EXAMINATION || type.number === LABORATORY) addReport(cda, type, header, report, observations);
  return sections;
}

function readSection(
  cda: Cda,
  section: XmlElement,
  type: DocumentType,
): { clinical: string[]; observations: string[] } {
  const facts = factsOf(section).filter((fact) => !isBlank(fact) || fact.statement.name === 'procedure');
  amendEncounter(cda, facts);
  const results = readLaboratory(cda, facts);
  const pressure = readBloodPressure(cda, facts);
  const clinical: Made[] = [
    readDiagnoses(cda, facts),
    readProcedures(cda, facts, type.planned),
    readAllergies(cda, facts),
    readOrders(cda, facts),
  ];
  const used = new Set([results, pressure, ...clinical].flatMap((made) => made.used));
  const coded = facts.filter((fact) => !used.has(fact) && fact.statement.name === 'procedure' && !type.planned);
  const procedures = coded.flatMap((fact) => mapProcedures(cda, fact.statement) ?? []);
  const rest = facts.filter(
    (fact) => !used.has(fact) && fact.statement.name === 'observation' && fact.statement.child('code'),
  );
  return {
    clinical: [...clinical.flatMap((made) => made.references), ...procedures],
    observations: [...pressure.references, ...results.references, ...rest.map((fact) => addFact(cda, fact))],
  };
}

/** 主诉, 入院 and 出院日期时间 also belong to the visit, where the document names one. */
function amendEncounter(cda: Cda, facts: readonly Fact[]): void {
  const value = (element: string) => facts.find((f) => f.element === element)?.statement.child('value');
  const complaint = textOf(value(CHIEF_COMPLAINT));
  const start = momentOf(value(ADMITTED), cda.draft);
  const end = momentOf(value(DISCHARGED), cda.draft);
  if (!cda.encounterKey || !(complaint || start || end)) return;
  cda.draft.add(cda.encounterKey, {
    resourceType: 'Encounter',
    ...(complaint ? { reasonCode: [{ text: complaint }] } : {}),
    ...(start || end ? { period: { ...(start ? { start } : {}), ...(end ? { end } : {}) } } : {}),
  } as fhir4.Encounter);
}

/** 检查报告 and 检验报告 are reports as a whole. */
function addReport(
  cda: Cda,
  type: DocumentType,
  header: DocumentHeader,
  identifier: readonly fhir4.Identifier[],
  results: readonly string[],
): void {
  cda.draft.add(['cda', ...cda.documentKey], {
    resourceType: 'DiagnosticReport',
    identifier: [...identifier],
    status: 'final',
    category: [thoConcept('v2-0074', type.number === LABORATORY ? 'LAB' : 'RAD')],
    code:
      type.number === LABORATORY
        ? concept('http://loinc.org', '11502-2', 'Laboratory report')
        : concept('http://loinc.org', '18748-4', 'Diagnostic imaging study'),
    subject: { reference: cda.patient },
    encounter: cda.encounter ? { reference: cda.encounter } : undefined,
    issued: header.date?.includes('T') ? header.date : undefined,
    performer: references(header.authors),
    result: references(results),
  });
}
