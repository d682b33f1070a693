/**
 * One pass over the markup before the parser sees it: enforces the limits in linear time and constant
 * memory, so that a hostile document costs no more than its bytes. It judges no well-formedness.
 */
import { BridgeError } from '../errors.ts';

export interface XmlLimits {
  readonly bytes: number;
  readonly depth: number;
  /** Elements and attributes together. */
  readonly nodes: number;
  /** Characters of one start tag or attribute value. */
  readonly attribute: number;
}

export interface XmlScan {
  /** True when the text ends inside a tag, a comment or another piece of markup. */
  readonly cut: boolean;
  /** True when more elements are opened than closed. */
  readonly open: boolean;
  /** The first start tag, from `<` to before `>` or `/>`. */
  readonly root: { readonly start: number; readonly end: number } | null;
}

/** @throws BridgeError `item.unsafe-xml` */
export function scanXml(text: string, limits: XmlLimits): XmlScan {
  let depth = 0;
  let nodes = 0;
  let root: XmlScan['root'] = null;
  let at = text.indexOf('<');
  while (at >= 0) {
    const end = endOfMarkup(text, at, limits);
    if (end < 0) return { cut: true, open: true, root };
    const next = text[at + 1];
    if (next === '/') depth--;
    else if (next !== '!' && next !== '?') {
      const empty = text[end - 1] === '/';
      root ??= { start: at, end: empty ? end - 1 : end };
      nodes += 1 + attributesOf(text, at, end);
      if (nodes > limits.nodes) throw unsafe('the XML document has too many nodes');
      if (!empty && ++depth > limits.depth) throw unsafe('the XML document is nested too deeply');
    }
    at = text.indexOf('<', end);
  }
  return { cut: false, open: depth > 0, root };
}

/** Index of the last character of the markup that begins at `at`, or -1 when the text ends before. */
function endOfMarkup(text: string, at: number, limits: XmlLimits): number {
  if (text.startsWith('<!--', at)) return after(text, '-->', at + 4);
  if (text.startsWith('<![CDATA[', at)) return after(text, ']]>', at + 9);
  if (text.startsWith('<?', at)) return after(text, '?>', at + 2);
  if (text.startsWith('<!', at)) {
    // `<!` at the very end may be half a comment.
    if (text.length - at < 9 && ('<!--'.startsWith(text.slice(at)) || '<![CDATA['.startsWith(text.slice(at))))
      return -1;
    throw unsafe('the XML document holds a DOCTYPE or another declaration');
  }
  return endOfTag(text, at, limits);
}

function endOfTag(text: string, start: number, limits: XmlLimits): number {
  const limit = start + limits.attribute;
  for (let i = start + 1; i < text.length; i++) {
    if (i > limit) throw unsafe('an attribute or a tag of the XML document is too long');
    const char = text.charCodeAt(i);
    if (char === 0x3e) return i;
    if (char !== 0x22 && char !== 0x27) continue;
    const close = text.indexOf(text[i]!, i + 1);
    if (close < 0) return -1;
    i = close;
  }
  return -1;
}

function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? -1 : at + mark.length - 1;
}

/** Attributes of a tag, roughly: its equals signs. */
function attributesOf(text: string, from: number, to: number): number {
  let count = 0;
  for (let i = from; i < to; i++) if (text.charCodeAt(i) === 0x3d) count++;
  return count;
}

function unsafe(what: string): BridgeError {
  return new BridgeError('item.unsafe-xml', what);
}
