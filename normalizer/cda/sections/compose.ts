/** Sections of a CDA body → Composition.section, in the order and nesting of the document. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, references } from '../document.ts';
import { conceptList } from '../header/encounter.ts';
import { escapeXml, narrativeOf } from '../narrative.ts';

/** Reads the entries of one section. @returns references to what was made */
export type SectionReader = (section: XmlElement) => readonly string[];

export function composeSections(cda: Cda, read: SectionReader): fhir4.CompositionSection[] {
  const body = cda.root.child('component', 'structuredBody');
  return (body?.elements('component') ?? []).flatMap((c) => c.elements('section').map((s) => compose(s, read)));
}

function compose(section: XmlElement, read: SectionReader): fhir4.CompositionSection {
  const code = section.child('code');
  const title = section.child('title')?.text() || code?.attr('displayName');
  const made = read(section);
  const nested = section.elements('component').flatMap((c) => c.elements('section').map((s) => compose(s, read)));
  const text = narrativeOf(section.child('text'));
  const empty = !text && !made.length && !nested.length;
  return {
    title,
    code: conceptList(code)[0],
    // R4 cmp-1: a section holds text, entries or sections.
    text: empty ? emptyNarrative(title) : text,
    entry: references(made),
    section: nested,
  };
}

function emptyNarrative(title: string | undefined): fhir4.Narrative {
  return { status: 'empty', div: `<div xmlns="http://www.w3.org/1999/xhtml">${escapeXml(title || '-')}</div>` };
}
