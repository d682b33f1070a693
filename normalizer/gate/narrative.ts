/** Narrative (R4 §2.4.0): a `div` in the XHTML name space, of the allowed elements, without anything that acts. */

const ELEMENTS = new Set(
  (
    'a abbr acronym address b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i ' +
    'img kbd li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var'
  ).split(' '),
);
const TAG = /<(\/?)([A-Za-z][A-Za-z0-9]*)((?:\s+[A-Za-z_:][\w:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/g;

/** @returns what is wrong; undefined where nothing is */
export function narrativeFault(div: string): string | undefined {
  const text = div.trim();
  if (!/^<div\b[^>]*\sxmlns\s*=\s*["']http:\/\/www\.w3\.org\/1999\/xhtml["']/.test(text)) return 'is no XHTML div';
  const open: string[] = [];
  let at = 0;
  for (const match of text.matchAll(TAG)) {
    if (/[<]/.test(text.slice(at, match.index))) return 'is no well-formed XHTML';
    if (at > 0 && open.length === 0) return 'is more than one div';
    at = match.index + match[0].length;
    const fault = tagFault(match, open);
    if (fault) return fault;
  }
  if (open.length > 0 || text.slice(at).trim() !== '') return 'is no well-formed XHTML';
  return /\S/.test(text.replaceAll(/<(?!img\b)[^>]*>/g, '')) ? undefined : 'is empty';
}

function tagFault(match: RegExpExecArray, open: string[]): string | undefined {
  const [, closing, name = '', attributes = '', empty] = match;
  if (!ELEMENTS.has(name)) return 'holds elements that a narrative may not have';
  if (/\son\w+\s*=/i.test(attributes) || /=\s*["']\s*(?:javascript|vbscript|data:text)\b/i.test(attributes))
    return 'holds active content';
  if (closing) return open.pop() === name ? undefined : 'is no well-formed XHTML';
  if (!empty) open.push(name);
  return undefined;
}
