/** CD, CE, CV, CO → CodeableConcept (C-CDA on FHIR, "Terminology Translation"). */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { narrativeText } from '../narrative.ts';
import { absentExtension, isPlaceholder } from './nulls.ts';
import { uriOf } from './oids.ts';

/** The element's own code, without translations; undefined where it has none. */
export function codingOf(element: XmlElement | undefined): fhir4.Coding | undefined {
  const code = element?.attr('code')?.replace(/\s+/g, ' ').trim();
  if (!element || !code || isPlaceholder(code)) return undefined;
  const system = uriOf(element.attr('codeSystem')?.trim() ?? '');
  const display = element.attr('displayName')?.trim();
  const version = element.attr('codeSystemVersion')?.trim();
  return { ...(system ? { system } : {}), ...(version ? { version } : {}), code, ...(display ? { display } : {}) };
}

/** Code and translations, each pair of system and code once. */
export function codingsOf(element: XmlElement | undefined): fhir4.Coding[] {
  if (!element) return [];
  const all = [element, ...element.elements('translation')].flatMap((one) => codingOf(one) ?? []);
  return all.filter((a, i) => all.findIndex((b) => a.system === b.system && a.code === b.code) === i);
}

/**
 * @returns undefined when the element is missing or empty; a concept with a data-absent-reason when a
 * nullFlavor stands for it
 */
export function conceptOf(element: XmlElement | undefined): fhir4.CodeableConcept | undefined {
  if (!element) return undefined;
  const coding = codingsOf(element);
  const text = conceptText(element);
  if (coding.length) return { coding, ...(text ? { text } : {}) };
  if (text) return { text };
  return element.attr('nullFlavor') ? { extension: absentExtension(element) } : undefined;
}

/** Original text, followed into the narrative; else the display name. */
function conceptText(element: XmlElement): string | undefined {
  const original = element.child('originalText');
  const text = original ? narrativeText(original) : '';
  if (text) return text;
  const display = element.attr('displayName')?.trim();
  return display && !isPlaceholder(display) ? display : undefined;
}

/** Concept of HL7's terminology, by the name of its code system there. */
export function thoConcept(name: string, code: string): fhir4.CodeableConcept {
  return { coding: [{ system: `http://terminology.hl7.org/CodeSystem/${name}`, code }] };
}

/** Coding in a system of FHIR itself or of another publisher, by its full URI. */
export function concept(system: string, code: string, display?: string): fhir4.CodeableConcept {
  return { coding: [{ system, code, ...(display ? { display } : {}) }] };
}
