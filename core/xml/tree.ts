/**
 * A parsed XML element as a plain object: nothing to dispose, nothing of the parser's memory behind it.
 * Names are canonical: the prefixes come from `XmlOptions.prefixes`, whatever prefixes the document used.
 */
export interface XmlAttribute {
  /** e.g. `code`, `xsi:type`; `{uri}local` for a name space that the caller did not name. */
  readonly name: string;
  readonly value: string;
  /** Set by `XmlElement.attr`, so that a caller can tell which values nobody used. */
  read: boolean;
}

export class XmlElement {
  readonly name: string;
  readonly parent: XmlElement | null;
  readonly attributes: XmlAttribute[] = [];
  readonly children: (XmlElement | string)[] = [];
  /** Set by `text`, like `XmlAttribute.read`. */
  textRead = false;

  constructor(name: string, parent: XmlElement | null) {
    this.name = name;
    this.parent = parent;
  }

  /** Value of the attribute, remembered as read. */
  attr(name: string): string | undefined {
    const attribute = this.attributes.find((a) => a.name === name);
    if (attribute) attribute.read = true;
    return attribute?.value;
  }

  /** Child elements, all or those with this name. */
  elements(name?: string): XmlElement[] {
    return this.children.filter(
      (c) => typeof c !== 'string' && (name === undefined || c.name === name),
    ) as XmlElement[];
  }

  /** First element at the end of the path of child names. */
  child(...path: string[]): XmlElement | undefined {
    let here: XmlElement | undefined = this;
    for (const name of path) here = here?.children.find((c) => typeof c !== 'string' && c.name === name) as typeof here;
    return here;
  }

  /** All text below, white space collapsed; the text of this element and of all below is remembered as read. */
  text(): string {
    return collapse(this.rawText());
  }

  /** All text below exactly as it stands. */
  rawText(): string {
    this.textRead = true;
    let out = '';
    for (const child of this.children) out += typeof child === 'string' ? child : child.rawText();
    return out;
  }

  /** Text that stands directly in this element, white space collapsed; not remembered as read. */
  ownText(): string {
    return collapse(this.children.filter((c) => typeof c === 'string').join(' '));
  }

  /** All elements below in document order, this one first. */
  *walk(): Generator<XmlElement> {
    yield this;
    for (const child of this.children) if (typeof child !== 'string') yield* child.walk();
  }

  /** XPath from the root with positions where a name repeats: `/ClinicalDocument/component[2]/section`. */
  path(): string {
    return this.parent ? `${this.parent.path()}/${this.name}${this.position()}` : `/${this.name}`;
  }

  /** XPath without positions: the same for all repetitions. */
  place(): string {
    return this.parent ? `${this.parent.place()}/${this.name}` : `/${this.name}`;
  }

  private position(): string {
    const same = this.parent?.elements(this.name) ?? [];
    return same.length > 1 ? `[${same.indexOf(this) + 1}]` : '';
  }
}

function collapse(text: string): string {
  return text.replace(/[ \t\r\n]+/g, ' ').trim();
}
