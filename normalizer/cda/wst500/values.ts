/** What the readers of WS/T 500 sections share: keys, texts, observations. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, keyFor, owns, reference } from '../document.ts';
import { DATA_ELEMENTS } from '../names.ts';
import { observationParts } from '../sections/observation.ts';
import { isPlaceholder } from '../types/nulls.ts';
import { uriOf } from '../types/oids.ts';
import { LOINC } from './elements.ts';
import type { Fact } from './facts.ts';

export function keyOfFact(cda: Cda, type: fhir4.FhirResource['resourceType'], fact: Fact): readonly string[] {
  return keyFor(cda, type, fact.statement);
}

/** Text of a value; undefined for placeholders such as `-` and `/`. */
export function textOf(value: XmlElement | undefined): string | undefined {
  const text = value?.text() ?? '';
  return isPlaceholder(text) ? undefined : text;
}

/** Whether a statement says anything: empty and placeholder values are common where a form leaves a field blank. */
export function isBlank(fact: Fact): boolean {
  const values = fact.statement.elements('value');
  return values.every((value) => {
    const content = value.attributes.find(
      (a) => ['value', 'code', 'displayName'].includes(a.name) && !isPlaceholder(a.value),
    );
    return content === undefined && isPlaceholder(value.ownText()) && !value.elements().length;
  });
}

/** Data element as coding, with its LOINC code where the starter map has one. */
export function codeOfFact(fact: Fact): fhir4.CodeableConcept {
  const loinc = LOINC[fact.element];
  const code = fact.statement.child('code');
  for (const name of ['code', 'codeSystem', 'displayName']) code?.attr(name);
  const display = fact.name ? { display: fact.name } : {};
  const own = { system: `urn:oid:${DATA_ELEMENTS}`, code: fact.element, ...display };
  return {
    coding: [...(loinc ? [{ system: uriOf('2.16.840.1.113883.6.1')!, code: loinc[0] }] : []), own],
    text: fact.name || undefined,
  };
}

/** An Observation of any data element: value by its xsi:type, the document's encounter, final where no status is given. */
export function observationOf(cda: Cda, fact: Fact): fhir4.Observation {
  const parts = observationParts(cda, fact.statement, LOINC[fact.element]?.[1] ?? '');
  return {
    ...parts,
    // The forms leave statusCode empty; what stands in a signed document is final.
    status: parts.status === 'unknown' ? 'final' : parts.status,
    code: fact.element ? codeOfFact(fact) : parts.code,
    encounter: reference(cda.encounter),
  };
}

export function addFact(cda: Cda, fact: Fact): string {
  owns(cda, fact.statement, 'Observation', 'wst500/data-elements');
  return cda.draft.add(keyOfFact(cda, 'Observation', fact), observationOf(cda, fact));
}
