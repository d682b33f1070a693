/** XML, by XPath. */

import { openXml } from '../../../core/xml/open.ts';
import type { XmlElement } from '../../../core/xml/tree.ts';
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

function placeOf({ element, attribute }: XmlNode): string {
  return attribute === undefined ? `${element.path()}/text()` : `${element.path()}/@${attribute}`;
}

export class XmlField implements Field {
  readonly origin: XmlNode;
  readonly isNull = false;
  protected readonly sources: SourceTracker;

  constructor(node: XmlNode, sources: SourceTracker) {
    this.origin = node;
    this.sources = sources;
  }

  get place(): string {
    return placeOf(this.origin);
  }

  /** Anything that stands in the element or below it. */
  parts(): string[] {
    const { element, attribute } = this.origin;
    if (attribute !== undefined) return [peek(this.origin)];
    const parts = [...element.walk()].flatMap((one) => [
      ...one.attributes.flatMap(({ name, value }) => (this.says(one, name, value) ? [value] : [])),
      one.ownText(),
    ]);
    return parts.filter((part) => part.trim() !== '');
  }

  protected says(_element: XmlElement, _attribute: string, _value: string): boolean {
    return true;
  }

  text(): string | undefined {
    return this.raw()?.trim() || undefined;
  }

  raw(): string | undefined {
    const { element, attribute } = this.origin;
    const text = attribute === undefined ? element.text() : peek(this.origin);
    if (text === '') return undefined;
    if (attribute === undefined) {
      for (const below of element.walk()) if (below.ownText()) this.sources.used(`${below.path()}/text()`);
    } else this.sources.used(this.place);
    return text;
  }
}

export interface XmlItem {
  readonly element: XmlElement;
  readonly sources: SourceTracker;
}

/** @param make the field of a node, which knows the data types of its format */
export function xmlAddress(
  text: string,
  canonical: (name: string) => string | undefined,
  make = (node: XmlNode, sources: SourceTracker) => new XmlField(node, sources),
): Address | AddressFault {
  // Within XPath `../` is the parent element; loops are stepped out of by going up the tree.
  const path = parseXPath(text, canonical);
  if ('message' in path) return path;
  const attribute = /(^|\/)@[^/\]]+(\[\*\])?$/.test(text);
  const found = (scope: Scope) => {
    const from = outer(scope, path.absolute ? 'top' : 0).item as XmlItem | XmlField;
    if (from instanceof XmlField) return { nodes: text === '.' ? [from.origin] : [], sources: undefined, field: from };
    const nodes = path.nodes(from.element, (node) => from.sources.used(placeOf(node)));
    return { nodes: path.many ? nodes : nodes.slice(0, 1), sources: from.sources, field: undefined };
  };
  return {
    text: `$${text}`,
    many: path.many,
    of: 'field',
    fields: (scope) => {
      const { nodes, sources, field } = found(scope);
      return field ? [field] : nodes.map((node) => make(node, sources!));
    },
    items: (scope) => {
      const { nodes, sources } = found(scope);
      return attribute
        ? nodes.map((node) => make(node, sources!))
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
