/** Which populated fields of the document reached the bundle. Narrative blocks are kept whole and not counted. */
import type { XmlElement } from '../../core/xml/tree.ts';
import type { Cda } from './document.ts';

/** Attributes that say what a structure is, not what it holds. */
const STRUCTURAL = new Set([
  'classCode',
  'moodCode',
  'typeCode',
  'determinerCode',
  'contextConductionInd',
  'contextControlCode',
  'inversionInd',
  'independentInd',
  'institutionSpecified',
  'codeSystemName',
  'codeSystemVersion',
  'assigningAuthorityName',
  'displayable',
  'nullFlavor',
  'operator',
  'unsorted',
  'mediaType',
  'representation',
  'xsi:type',
  'use',
  'inclusive',
  'separatableInd',
]);
/** A code with its system and name is one field, and so is an id. */
const PARTS: Readonly<Record<string, string>> = {
  codeSystem: 'code',
  displayName: 'code',
  root: 'extension',
  unit: 'value',
};
/** Codes that a template fixes: they say which structure stands here. */
const FIXED = new Set(['ASSERTION', 'CONC', 'SEV', '33999-4', '48767-8', '82606-5']);
const SKIPPED = new Set(['templateId', 'typeId', 'realmCode']);

export function reportCoverage(cda: Cda): void {
  visit(cda, cda.root, `/${cda.root.name}`, undefined);
}

/** Whether an attribute is a field of its own; the system and name of a code, say, are not. */
export function countsAsField(element: XmlElement, name: string, value: string): boolean {
  if (STRUCTURAL.has(name) || name.includes('schemaLocation') || !value.trim()) return false;
  return !isPart(element, name) && !(name === 'code' && FIXED.has(value));
}

/** Identifiers of templates, and narrative: it is kept whole. */
export function isOutside(element: XmlElement): boolean {
  return SKIPPED.has(element.name) || isNarrative(element);
}

type Owner = { readonly element: string; readonly rule: string } | undefined;

function visit(cda: Cda, element: XmlElement, path: string, inherited: Owner): void {
  if (isOutside(element)) return;
  const owner = cda.owners.get(element) ?? inherited;
  for (const { name, value, read } of element.attributes) {
    if (!countsAsField(element, name, value)) continue;
    field(cda, `${path}/@${name}`, read, owner);
  }
  if (element.ownText()) field(cda, `${path}/text()`, element.textRead, owner);
  const total = new Map<string, number>();
  const seen = new Map<string, number>();
  for (const child of element.elements()) total.set(child.name, (total.get(child.name) ?? 0) + 1);
  for (const child of element.elements()) {
    const n = (seen.get(child.name) ?? 0) + 1;
    seen.set(child.name, n);
    visit(cda, child, `${path}/${child.name}${total.get(child.name)! > 1 ? `[${n}]` : ''}`, owner);
  }
}

function field(cda: Cda, place: string, read: boolean, owner: Owner): void {
  cda.draft.sources.seen(place);
  if (read) cda.draft.sources.used(place, owner?.element, owner?.rule);
}

function isPart(element: XmlElement, name: string): boolean {
  const whole = PARTS[name];
  return whole !== undefined && element.attributes.some((a) => a.name === whole && a.value.trim() !== '');
}

function isNarrative(element: XmlElement): boolean {
  return element.name === 'text' && element.parent?.name === 'section';
}
