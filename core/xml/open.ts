/** The one XML entrance of the house. libxml2 judges well-formedness; no file, network, DTD or entity is reached. */
import { XmlElement as LibElement, ParseOption, XmlCData, XmlDocument, XmlParseError, XmlText } from 'libxml2-wasm';
import { BridgeError } from '../errors.ts';
import { decodeXml } from './encoding.ts';
import { scanXml, type XmlLimits, type XmlScan } from './scan.ts';
import { XmlElement } from './tree.ts';

export interface XmlOptions {
  /** Name space URI → prefix of the canonical names; no name space and '' give plain names. */
  readonly prefixes: Readonly<Record<string, string>>;
  /** Prefix → URI that is declared on the root where a document uses the prefix but forgot to declare it. */
  readonly assume?: Readonly<Record<string, string>>;
  /** Character set of the feed, for documents that declare none. */
  readonly charset?: string;
  readonly limits?: Partial<XmlLimits>;
}

export const XML_LIMITS: XmlLimits = { bytes: 64 * 1024 * 1024, depth: 256, nodes: 2_000_000, attribute: 1024 * 1024 };

// The scan has bounded depth and sizes, so libxml2's own smaller limits (10 MB a text) may go.
const OPTIONS =
  ParseOption.XML_PARSE_NONET |
  ParseOption.XML_PARSE_NO_XXE |
  ParseOption.XML_PARSE_HUGE |
  ParseOption.XML_PARSE_NO_SYS_CATALOG;

/**
 * @returns the root element
 * @throws BridgeError `item.unsafe-xml`, `item.charset`, `item.truncated`, `item.format`, `source.too-large`
 */
export function openXml(bytes: Uint8Array, options: XmlOptions): XmlElement {
  const limits = { ...XML_LIMITS, ...options.limits };
  if (bytes.length > limits.bytes)
    throw new BridgeError('source.too-large', 'the XML document is larger than the limit');
  const text = decodeXml(bytes, options.charset);
  const scan = scanXml(text, limits);
  const document = parse(declareAssumed(text, scan, options.assume ?? {}), scan);
  try {
    return copy(document.root, null, options.prefixes);
  } finally {
    document.dispose();
  }
}

function parse(text: string, scan: XmlScan): XmlDocument {
  try {
    return XmlDocument.fromString(text, { option: OPTIONS });
  } catch (error) {
    const unclosed = scan.open && error instanceof XmlParseError && error.message.includes('Premature end');
    if (scan.root && (scan.cut || unclosed))
      throw new BridgeError('item.truncated', 'the XML document ends before its root element is closed', {
        cause: error,
      });
    throw new BridgeError('item.format', 'the content is not a well-formed XML document', { cause: error });
  }
}

/** Adds `xmlns:p="…"` to the root for each assumed prefix that is used but declared nowhere. */
function declareAssumed(text: string, scan: XmlScan, assume: Readonly<Record<string, string>>): string {
  if (!scan.root) return text;
  const missing = Object.entries(assume).filter(([p]) => text.includes(`${p}:`) && !text.includes(`xmlns:${p}=`));
  const added = missing.map(([prefix, uri]) => ` xmlns:${prefix}="${uri}"`).join('');
  return added ? text.slice(0, scan.root.end) + added + text.slice(scan.root.end) : text;
}

function copy(source: LibElement, parent: XmlElement | null, prefixes: XmlOptions['prefixes']): XmlElement {
  const element = new XmlElement(canonicalName(source, prefixes), parent);
  for (const attribute of source.attrs)
    element.attributes.push({ name: canonicalName(attribute, prefixes), value: attribute.value, read: false });
  for (let node = source.firstChild; node; node = node.next) {
    if (node instanceof LibElement) element.children.push(copy(node, element, prefixes));
    else if (node instanceof XmlText || node instanceof XmlCData) element.children.push(node.content);
  }
  return element;
}

function canonicalName(node: { name: string; namespaceUri: string }, prefixes: XmlOptions['prefixes']): string {
  const prefix = node.namespaceUri ? prefixes[node.namespaceUri] : '';
  if (prefix === undefined) return `{${node.namespaceUri}}${node.name}`;
  return prefix ? `${prefix}:${node.name}` : node.name;
}
