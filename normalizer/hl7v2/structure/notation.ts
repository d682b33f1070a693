/**
 * The notation in which message structures are written down: that of HL7 v2 abstract messages (v2.9 §2.13), with the signs
 * of regular expressions.
 *
 * - `PID`: a segment; `<OBR|RXO>`: one of these segments; `PATIENT(PID PD1?)`: a named group
 * - behind any of them `?` may be absent, `*` may be absent or repeat, `+` repeats
 */

export interface Element {
  /** Of a group; the signs of a choice or segment. */
  readonly name: string;
  /** The segment, or those of a choice; none of a group. */
  readonly segments: readonly string[];
  readonly content: Content | undefined;
  readonly required: boolean;
  readonly repeats: boolean;
}

/** What a group holds, or the message. */
export interface Content {
  readonly elements: readonly Element[];
  /** Segments with which it may begin. */
  readonly first: ReadonlySet<string>;
  /** Segment → indices of the elements that may begin with it. */
  readonly starts: ReadonlyMap<string, readonly number[]>;
  /** Segment → indices of the elements that hold it at any depth. */
  readonly holds: ReadonlyMap<string, readonly number[]>;
}

export interface Structure {
  /** e.g. `ORU_R01`. */
  readonly name: string;
  readonly content: Content;
}

/** @throws Error that says what is wrong with the text */
export function parseStructure(name: string, text: string): Structure {
  const reader = new Reader(tokensOf(text));
  const content = reader.content();
  if (reader.next !== undefined) throw new Error(`there is a ${reader.next} too many`);
  return { name, content };
}

/** Names of all groups. */
export function groupNames(content: Content, found = new Set<string>()): Set<string> {
  for (const { name, content: inner } of content.elements) {
    if (!inner) continue;
    found.add(name);
    groupNames(inner, found);
  }
  return found;
}

const TOKEN = /\s*(?:([A-Z][A-Z0-9_]*)|([()<>|?*+]))/y;

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (!found) throw new Error(`it cannot be read at "${text.slice(at, at + 12).trim()}"`);
    tokens.push(found[1] ?? found[2]!);
  }
  return tokens;
}

class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get next(): string | undefined {
    return this.#tokens[this.#at];
  }

  content(): Content {
    const elements: Element[] = [];
    while (this.next !== undefined && this.next !== ')') elements.push(this.#element());
    return indexed(elements);
  }

  #element(): Element {
    if (this.next === '<') {
      const segments = this.#choice();
      return { name: segments.join('|'), segments, content: undefined, ...this.#quantity() };
    }
    const name = this.#name();
    if (this.next !== '(') return { name: segment(name), segments: [name], content: undefined, ...this.#quantity() };
    this.#at += 1;
    const content = this.content();
    this.#expect(')');
    return { name, segments: [], content, ...this.#quantity() };
  }

  #choice(): string[] {
    const segments: string[] = [];
    do {
      this.#at += 1;
      segments.push(segment(this.#name()));
    } while (this.next === '|');
    this.#expect('>');
    return segments;
  }

  #name(): string {
    const name = this.next ?? '';
    if (!/^[A-Z]/.test(name)) throw new Error(`${name || 'its end'} stands where a segment or group belongs`);
    this.#at += 1;
    return name;
  }

  #quantity(): { required: boolean; repeats: boolean } {
    const sign = this.next;
    if (sign !== '?' && sign !== '*' && sign !== '+') return { required: true, repeats: false };
    this.#at += 1;
    return { required: sign === '+', repeats: sign !== '?' };
  }

  #expect(sign: string): void {
    if (this.next !== sign) throw new Error(`a ${sign} is missing`);
    this.#at += 1;
  }
}

function segment(name: string): string {
  if (name.length !== 3) throw new Error(`${name} is no segment, and has no content as a group`);
  return name;
}

function indexed(elements: readonly Element[]): Content {
  const starts = new Map<string, number[]>();
  const holds = new Map<string, number[]>();
  for (const [index, element] of elements.entries()) {
    for (const name of element.content?.first ?? element.segments) put(starts, name, index);
    for (const name of element.content?.holds.keys() ?? element.segments) put(holds, name, index);
  }
  return { elements, first: firstOf(elements), starts, holds };
}

function firstOf(elements: readonly Element[]): Set<string> {
  const found = new Set<string>();
  for (const { content, segments, required } of elements) {
    for (const name of content?.first ?? segments) found.add(name);
    if (required) break;
  }
  return found;
}

function put(map: Map<string, number[]>, name: string, index: number): void {
  const known = map.get(name);
  if (known) known.push(index);
  else map.set(name, [index]);
}
