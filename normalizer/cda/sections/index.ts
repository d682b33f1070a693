/**
 * Which rule reads which entry of a C-CDA document: by the statement's template, else by its section
 * (template, then LOINC code). An entry that no rule reads is counted with its XPath; its narrative is kept.
 */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, templatesOf } from '../document.ts';
import { TEMPLATE } from '../names.ts';
import { mapAllergies } from './allergies.ts';
import { mapEncounters } from './encounters.ts';
import { mapImmunizations } from './immunizations.ts';
import { mapMedications } from './medications.ts';
import { mapProblems } from './problems.ts';
import { mapProcedures } from './procedures.ts';
import { mapResults } from './results.ts';
import { mapSocial } from './social.ts';
import { mapVitals } from './vitals.ts';

/** @returns references to what was made, or undefined where the statement has not the rule's shape */
type Rule = (cda: Cda, statement: XmlElement) => string[] | undefined;

const diagnoses: Rule = (cda, statement) => mapProblems(cda, statement, 'encounter-diagnosis');

/** Templates of statements, after the common stem. */
const STATEMENTS: Readonly<Record<string, Rule>> = {
  '4.3': mapProblems,
  '4.4': mapProblems,
  '4.34': diagnoses,
  '4.33': diagnoses,
  '4.30': mapAllergies,
  '4.7': mapAllergies,
  '4.16': mapMedications,
  '4.52': mapImmunizations,
  '4.1': mapResults,
  '4.2': mapResults,
  '4.26': mapVitals,
  '4.27': mapVitals,
  '4.12': mapProcedures,
  '4.13': mapProcedures,
  '4.14': mapProcedures,
  '4.49': mapEncounters,
  '4.38': mapSocial,
  '4.78': mapSocial,
  '4.85': mapSocial,
};

interface SectionKind {
  /** Section templates after the common stem. */
  readonly templates: readonly string[];
  readonly loinc: readonly string[];
  readonly rule: Rule;
}

const SECTIONS: readonly SectionKind[] = [
  { templates: ['2.5', '2.5.1', '2.20'], loinc: ['11450-4', '11348-0'], rule: mapProblems },
  { templates: ['2.24', '2.43'], loinc: ['11535-2', '46241-6'], rule: diagnoses },
  { templates: ['2.6', '2.6.1'], loinc: ['48765-2'], rule: mapAllergies },
  {
    templates: ['2.1', '2.1.1', '2.11', '2.11.1', '2.38', '2.44'],
    loinc: ['10160-0', '10183-2', '29549-3', '42346-7'],
    rule: mapMedications,
  },
  { templates: ['2.2', '2.2.1'], loinc: ['11369-6'], rule: mapImmunizations },
  { templates: ['2.3', '2.3.1'], loinc: ['30954-2'], rule: mapResults },
  { templates: ['2.4', '2.4.1'], loinc: ['8716-3'], rule: mapVitals },
  { templates: ['2.7', '2.7.1'], loinc: ['47519-4'], rule: mapProcedures },
  { templates: ['2.22', '2.22.1'], loinc: ['46240-8'], rule: mapEncounters },
  { templates: ['2.17'], loinc: ['29762-2'], rule: mapSocial },
];

/** Reads all entries of one section. */
export function readEntries(cda: Cda, section: XmlElement): string[] {
  const rule = sectionRule(section);
  return section.elements('entry').flatMap((entry) => {
    const statement = entry.elements().find((e) => e.name !== 'templateId');
    if (!statement || isEmpty(statement)) return [];
    const made = statementRule(statement)?.(cda, statement) ?? rule?.(cda, statement);
    if (!made)
      cda.draft.issue(
        'information',
        'field.unmapped',
        statement.path(),
        'no rule reads this entry; its narrative is kept',
      );
    return made ?? [];
  });
}

/** An entry that only says that there is none. */
function isEmpty(statement: XmlElement): boolean {
  return statement.attr('nullFlavor') !== undefined && !statement.child('code');
}

function suffixes(element: XmlElement): string[] {
  return templatesOf(element).flatMap((t) => (t.startsWith(`${TEMPLATE}.`) ? t.slice(TEMPLATE.length + 1) : []));
}

function statementRule(statement: XmlElement): Rule | undefined {
  return suffixes(statement)
    .map((suffix) => STATEMENTS[suffix])
    .find((rule) => rule);
}

function sectionRule(section: XmlElement): Rule | undefined {
  const templates = suffixes(section);
  const code = section.child('code')?.attr('code') ?? '';
  const byTemplate = SECTIONS.find((kind) => kind.templates.some((t) => templates.includes(t)));
  return (byTemplate ?? SECTIONS.find((kind) => kind.loinc.includes(code)))?.rule;
}
