/** CDA and other XML, by XPath. */

import { BridgeError } from '../../../core/errors.ts';
import { openXml } from '../../../core/xml/open.ts';
import type { XmlElement } from '../../../core/xml/tree.ts';
import { CDA_XML } from '../../cda/names.ts';
import type { SourceTracker } from '../../sources.ts';
import {
  type Address,
  type AddressFault,
  type Field,
  type Opened,
  outer,
  type Scope,
  type SourceFormat,
  type SourceSetup,
} from './format.ts';
import { parseXPath, peek, type XmlNode } from './xpath.ts';

const CDA_PREFIXES = new Map([
  ['v3', ''],
  ['sdtc', 'sdtc:'],
  ['xsi', 'xsi:'],
]);

export class XmlField implements Field {
  readonly origin: XmlNode;
  readonly isNull = false;
  readonly #sources: SourceTracker;

  constructor(node: XmlNode, sources: SourceTracker) {
    this.origin = node;
    this.#sources = sources;
  }

  get place(): string {
    const { element, attribute } = this.origin;
    return attribute === undefined ? `${element.path()}/text()` : `${element.path()}/@${attribute}`;
  }

  text(): string | undefined {
    return this.raw()?.trim() || undefined;
  }

  raw(): string | undefined {
    const { element, attribute } = this.origin;
    const text = attribute === undefined ? element.text() : peek(this.origin);
    if (text === '') return undefined;
    if (attribute === undefined) {
      for (const below of element.walk()) if (below.ownText()) this.#sources.used(`${below.path()}/text()`);
    } else this.#sources.used(this.place);
    return text;
  }
}

interface XmlItem {
  readonly element: XmlElement;
  readonly sources: SourceTracker;
}

function xmlAddress(text: string, canonical: (name: string) => string | undefined): Address | AddressFault {
  // Within XPath `../` is the parent element; loops are stepped out of by going up the tree.
  const path = parseXPath(text, canonical);
  if ('message' in path) return path;
  const attribute = /(^|\/)@[^/\]]+(\[\*\])?$/.test(text);
  const found = (scope: Scope) => {
    const from = outer(scope, path.absolute ? 'top' : 0).item as XmlItem | XmlField;
    if (from instanceof XmlField) return { nodes: text === '.' ? [from.origin] : [], sources: undefined, field: from };
    const nodes = path.nodes(from.element);
    return { nodes: path.many ? nodes : nodes.slice(0, 1), sources: from.sources, field: undefined };
  };
  return {
    text: `$${text}`,
    many: path.many,
    of: 'field',
    fields: (scope) => {
      const { nodes, sources, field } = found(scope);
      return field ? [field] : nodes.map((node) => new XmlField(node, sources!));
    },
    items: (scope) => {
      const { nodes, sources } = found(scope);
      return attribute
        ? nodes.map((node) => new XmlField(node, sources!))
        : nodes.map(({ element }): XmlItem => ({ element, sources: sources! }));
    },
  };
}

function see(element: XmlElement, sources: SourceTracker): void {
  for (const below of element.walk()) {
    for (const { name, value } of below.attributes) if (value.trim()) sources.seen(`${below.path()}/@${name}`);
    if (below.ownText()) sources.seen(`${below.path()}/text()`);
  }
}

function opened(root: XmlElement, bytes: Uint8Array, sources: SourceTracker, contentType: string): Opened {
  return {
    root: { element: root, sources } satisfies XmlItem,
    native: {},
    see: () => see(root, sources),
    keep: () => ({ contentType, bytes }),
  };
}

export const cda: SourceFormat = {
  kind: 'cda',
  address: (text) => xmlAddress(text, cdaName),
  open({ bytes }, context, draft) {
    const root = openXml(bytes, { ...CDA_XML, ...(context.charset ? { charset: context.charset } : {}) });
    if (root.name !== 'ClinicalDocument')
      throw new BridgeError('item.format', 'the XML document is no ClinicalDocument');
    return opened(root, bytes, draft.sources, 'text/xml');
  },
  matchKeys: ['template', 'code'],
  matches(root, key, values) {
    const { element } = root as XmlItem;
    if (key === 'code') return values.includes(element.child('code')?.attr('code') ?? '');
    return element.elements('templateId').some((one) => values.includes(one.attr('root') ?? ''));
  },
};

/** `v3:` and no prefix are CDA's own name space. */
function cdaName(name: string): string | undefined {
  const [prefix, local] = name.includes(':') ? (name.split(':') as [string, string]) : ['v3', name];
  const stem = CDA_PREFIXES.get(prefix);
  return stem === undefined ? undefined : stem + local;
}

export const xml: SourceFormat = {
  kind: 'xml',
  address: (text, setup) => xmlAddress(text, (name) => (isDeclared(name, setup) ? name : undefined)),
  open({ bytes }, context, draft, setup) {
    const prefixes = Object.fromEntries([...setup.namespaces].map(([prefix, uri]) => [uri, prefix]));
    const root = openXml(bytes, { prefixes, ...(context.charset ? { charset: context.charset } : {}) });
    return opened(root, bytes, draft.sources, 'application/xml');
  },
  matchKeys: ['root'],
  matches: (root, _key, values) => values.includes((root as XmlItem).element.name),
};

function isDeclared(name: string, setup: SourceSetup): boolean {
  return !name.includes(':') || setup.namespaces.has(name.split(':')[0]!);
}
