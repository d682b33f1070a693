/** What the parts of a CDA map share: the draft, the document's key, and who owns which element. */

import type { PatientIdentifier } from '../../core/types.ts';
import type { XmlElement } from '../../core/xml/tree.ts';
import type { Draft } from '../draft.ts';
import { type IdScope, identifiersOf, keyOf } from './types/ids.ts';

export interface Cda {
  readonly draft: Draft;
  readonly root: XmlElement;
  readonly scope: IdScope;
  /** Business key of the document: root and extension of its id, else the digest of its bytes. */
  readonly documentKey: readonly string[];
  readonly owner: PatientIdentifier;
  /** References; filled by the header in this order. */
  patient: string;
  encounter?: string | undefined;
  encounterKey?: readonly string[];
  /** Element → resource type and rule that read it, for the trace. */
  readonly owners: Map<XmlElement, { readonly element: string; readonly rule: string }>;
  /** Business key → content of the element that took it. */
  readonly claimed: Map<string, string>;
}

/** Resources that may be described at several places under one id: what one place lacks another fills. */
const MERGED = new Set([
  'Patient',
  'Practitioner',
  'PractitionerRole',
  'Organization',
  'Location',
  'Encounter',
  'Device',
]);

/**
 * Business key of the resource that is made of an element: its first id, else its place in the document.
 * Real documents repeat one id on different statements; those get keys of their own, with an issue.
 */
export function keyFor(cda: Cda, type: fhir4.FhirResource['resourceType'], element: XmlElement): readonly string[] {
  const placeKey = ['cda', ...cda.documentKey, element.path()];
  const identifier = identifiersOf(element, cda.scope)[0];
  if (!identifier) return placeKey;
  const key = keyOf(identifier);
  if (type === 'Encounter') return visitKey(cda.owner, identifier);
  if (MERGED.has(type)) return ['id', ...key];
  const name = JSON.stringify([type, ...key]);
  const content = contentOf(element);
  const before = cda.claimed.get(name);
  if (before === undefined) cda.claimed.set(name, content);
  if (before === undefined || before === content) return key;
  cda.draft.issue(
    'information',
    'structure.unexpected',
    element.path(),
    'another statement of the document has the same id',
  );
  return placeKey;
}

/** Visits are numbered per patient in some systems: the same key as the HL7 v2 maps use. */
export function visitKey(owner: PatientIdentifier, identifier: fhir4.Identifier): readonly string[] {
  return [owner.system, owner.value, ...keyOf(identifier)];
}

/** Canonical text of an element, to compare two. */
function contentOf(element: XmlElement): string {
  const children = element.children.map((c) => (typeof c === 'string' ? c.trim() : contentOf(c)));
  return JSON.stringify([element.name, element.attributes.map((a) => [a.name, a.value]), children]);
}

/** Remembers, for the trace, that everything below the element went into this resource by this rule. */
export function owns(cda: Cda, element: XmlElement, type: string, rule: string): void {
  if (!cda.owners.has(element)) cda.owners.set(element, { element: type, rule: `cda/${rule}` });
}

export function reference(url: string | undefined): fhir4.Reference | undefined {
  return url ? { reference: url } : undefined;
}

export function references(urls: readonly string[]): fhir4.Reference[] {
  return [...new Set(urls)].map((url) => ({ reference: url }));
}

/** All template roots of an element. */
export function templatesOf(element: XmlElement): string[] {
  return element.elements('templateId').flatMap((t) => t.attr('root')?.trim() || []);
}

export function isNegated(element: XmlElement): boolean {
  return element.attr('negationInd') === 'true';
}
