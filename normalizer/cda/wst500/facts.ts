/** Statements of a WS/T 500 section as a flat list: there the meaning is the data element, not the template. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { DATA_ELEMENTS } from '../names.ts';

export interface Fact {
  readonly statement: XmlElement;
  /** Code of the data element, `DE04.10.186.00`; empty for a statement coded in another system. */
  readonly element: string;
  /** Name as the document gives it; one code has many. */
  readonly name: string;
  /** Number of the entry within its section. */
  readonly entry: number;
}

const STATEMENTS = new Set(['observation', 'act', 'procedure', 'encounter', 'supply', 'substanceAdministration']);

/** In document order, a statement before what is nested in it. */
export function factsOf(section: XmlElement): Fact[] {
  return section.elements('entry').flatMap((entry, n) => [...within(entry, n)]);
}

function* within(element: XmlElement, entry: number): Generator<Fact> {
  for (const child of element.elements()) {
    if (STATEMENTS.has(child.name)) yield factOf(child, entry);
    if (child.name !== 'section') yield* within(child, entry);
  }
}

function factOf(statement: XmlElement, entry: number): Fact {
  const code = statement.child('code');
  const text = code?.attr('code')?.trim() ?? '';
  const coded = code?.attr('codeSystem')?.trim() === DATA_ELEMENTS || /^DE\d\d\.\d\d\.\d{3}\.\d\d$/.test(text);
  return { statement, element: coded ? text : '', name: code?.attr('displayName')?.trim() ?? '', entry };
}

/**
 * Facts of the wanted elements, put together to records: one that repeats an element, or that stands in the next
 * organizer, begins a new record.
 */
export function groupsOf(facts: readonly Fact[], wanted: readonly string[]): Map<string, Fact>[] {
  const groups: Map<string, Fact>[] = [];
  let container: XmlElement | null | undefined;
  for (const fact of facts.filter((f) => wanted.includes(f.element))) {
    const current = groups.at(-1);
    const own = organizerOf(fact.statement);
    if (!current || current.has(fact.element) || own !== container) groups.push(new Map([[fact.element, fact]]));
    else current.set(fact.element, fact);
    container = own;
  }
  return groups;
}

function organizerOf(element: XmlElement): XmlElement | null {
  if (element.name === 'organizer' || element.name === 'section') return element.name === 'organizer' ? element : null;
  return element.parent ? organizerOf(element.parent) : null;
}
