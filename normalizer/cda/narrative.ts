/** CDA narrative block (StrucDoc) → FHIR XHTML, and text that entries point to in it. */
import type { XmlElement } from '../../core/xml/tree.ts';

/** StrucDoc element → XHTML element (FHIR R4 §2.4.0: no links to scripts, no forms, no objects). */
const ELEMENTS: Readonly<Record<string, string>> = {
  paragraph: 'p',
  content: 'span',
  list: 'ul',
  item: 'li',
  table: 'table',
  thead: 'thead',
  tbody: 'tbody',
  tfoot: 'tfoot',
  tr: 'tr',
  th: 'th',
  td: 'td',
  caption: 'b',
  br: 'br',
  sub: 'sub',
  sup: 'sup',
  footnote: 'span',
};
/** XHTML elements that take only certain children and no loose text. */
const CHILDREN: Readonly<Record<string, ReadonlySet<string>>> = {
  table: new Set(['thead', 'tbody', 'tfoot', 'tr', 'caption']),
  thead: new Set(['tr']),
  tbody: new Set(['tr']),
  tfoot: new Set(['tr']),
  tr: new Set(['th', 'td']),
  ul: new Set(['li']),
  ol: new Set(['li']),
};

/** @returns undefined where the block holds no text */
export function narrativeOf(text: XmlElement | undefined): fhir4.Narrative | undefined {
  if (!text || text.text() === '') return undefined;
  return {
    status: 'additional',
    div: `<div xmlns="http://www.w3.org/1999/xhtml">${childrenOf(text, 'div')}</div>`,
  };
}

function childrenOf(element: XmlElement, as: string): string {
  let out = '';
  for (const child of element.children) {
    if (typeof child !== 'string') out += render(child, as);
    else if (!CHILDREN[as]) out += escapeXml(child);
    else if (child.trim()) out += wrapped(escapeXml(child), as);
  }
  return out;
}

function render(element: XmlElement, parent: string): string {
  const name = nameOf(element);
  if (name === 'br') return '<br/>';
  // Anything that may not stand here gives its text, so that nothing of the narrative is lost.
  if (!name || (CHILDREN[parent] && !CHILDREN[parent].has(name))) return wrapped(childrenOf(element, 'span'), parent);
  if (name === 'caption') return `<caption>${childrenOf(element, 'caption')}</caption>`;
  const span = [...spanAttribute(element, 'colspan'), ...spanAttribute(element, 'rowspan')].join('');
  return `<${name}${span}>${childrenOf(element, name)}</${name}>`;
}

function nameOf(element: XmlElement): string | undefined {
  if (element.name === 'caption') return element.parent?.name === 'table' ? 'caption' : 'b';
  if (element.name === 'list' && element.attr('listType') === 'ordered') return 'ol';
  if (element.name === 'td' || element.name === 'th' || element.name === 'tr') return element.name;
  return ELEMENTS[element.name];
}

/** Content in a place that takes only certain children: put into such a child. */
function wrapped(inner: string, parent: string): string {
  if (!CHILDREN[parent]) return inner;
  if (parent === 'tr') return `<td>${inner}</td>`;
  if (parent === 'ul' || parent === 'ol') return `<li>${inner}</li>`;
  return `<tr><td>${inner}</td></tr>`;
}

function spanAttribute(element: XmlElement, name: string): string[] {
  const value = element.attr(name);
  return value && /^[1-9]\d{0,2}$/.test(value) ? [` ${name}="${value}"`] : [];
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Text of `originalText` or `text`: its own, else what its reference `#id` points to in the narrative. */
export function narrativeText(element: XmlElement): string {
  const own = element.text();
  if (own) return own;
  const target = element.child('reference')?.attr('value');
  return target?.startsWith('#') ? (narrativeIds(element).get(target.slice(1)) ?? '') : '';
}

/** Cells, items and paragraphs end a word. */
function plainText(element: XmlElement): string {
  const parts = element.children.map((child) => (typeof child === 'string' ? child : plainText(child)));
  const inline = element.name === 'content' || element.name === 'sub' || element.name === 'sup';
  return inline ? parts.join('') : parts.join(' ').replace(/\s+/g, ' ').trim();
}

const idsOfDocument = new WeakMap<XmlElement, Map<string, string>>();

function narrativeIds(element: XmlElement): Map<string, string> {
  let root = element;
  while (root.parent) root = root.parent;
  let ids = idsOfDocument.get(root);
  if (!ids) {
    ids = new Map();
    for (const one of root.walk()) {
      const id = one.attributes.find((a) => a.name === 'ID')?.value;
      if (id && !ids.has(id)) ids.set(id, plainText(one));
    }
    idsOfDocument.set(root, ids);
  }
  return ids;
}
