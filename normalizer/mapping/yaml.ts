/** The YAML text of a map as a tree that knows its places. Aliases, tags of YAML's own and extreme nesting are refused. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type Range,
  type YAMLParseError,
} from 'yaml';
import type { Place, Problems } from './problems.ts';

interface Based {
  readonly at: Place;
  /** Without its `!`. */
  readonly tag?: string;
}

export interface ScalarNode extends Based {
  readonly kind: 'scalar';
  /** As written, without quotes. */
  readonly text: string;
  readonly quoted: boolean;
}

export interface NullNode extends Based {
  readonly kind: 'null';
}

export interface ListNode extends Based {
  readonly kind: 'list';
  readonly items: readonly Node[];
}

export interface Entry {
  readonly key: string;
  readonly at: Place;
  readonly value: Node;
}

export interface MapNode extends Based {
  readonly kind: 'map';
  readonly entries: readonly Entry[];
}

export type Node = ScalarNode | NullNode | ListNode | MapNode;

const MAX_TEXT = 1024 * 1024;
const MAX_DEPTH = 64;
const MAX_NODES = 100_000;

export function parseYaml(text: string, file: string, problems: Problems): Node | undefined {
  const start: Place = { file, line: 1, column: 1 };
  if (text.length > MAX_TEXT) {
    problems.add(start, 'the file is larger than 1 MiB', 'divide it: code maps may stand in CSV files');
    return undefined;
  }
  if (bracketDepth(text) > MAX_DEPTH) {
    problems.add(start, `the file is nested deeper than ${MAX_DEPTH} levels`, 'use fragments');
    return undefined;
  }
  return new Reader(text, file, problems).read();
}

/** Flow collections recurse in the parser: their depth is bounded before it runs. Brackets within texts count, too. */
function bracketDepth(text: string): number {
  let depth = 0;
  let most = 0;
  for (const char of text) {
    if (char === '[' || char === '{') most = Math.max(most, ++depth);
    else if (char === ']' || char === '}' || char === '\n') depth = char === '\n' ? depth : Math.max(0, depth - 1);
  }
  return most;
}

class Reader {
  readonly #text: string;
  readonly #file: string;
  readonly #problems: Problems;
  readonly #lines = new LineCounter();
  #nodes = 0;

  constructor(text: string, file: string, problems: Problems) {
    this.#text = text;
    this.#file = file;
    this.#problems = problems;
  }

  read(): Node | undefined {
    const before = this.#problems.count;
    const document = this.#parse();
    if (!document) return undefined;
    this.#errors(document.errors);
    if (this.#problems.count > before) return undefined;
    return document.contents ? this.#node(document.contents, 0) : undefined;
  }

  /** Every key that is written twice; of other errors the first, since those after it mostly follow from it. */
  #errors(errors: readonly YAMLParseError[]): void {
    for (const { code, pos } of errors)
      if (code === 'DUPLICATE_KEY')
        this.#problems.add(this.#place(pos[0]), 'the key is written twice', 'keep one of them');
    const first = errors.find(({ code }) => code !== 'DUPLICATE_KEY');
    if (!first) return;
    const what = (first.message.split(/ at line |\n/)[0] ?? 'broken YAML').replace(/:$/, '');
    const hint = 'check indentation, quotes and brackets; quote texts that hold [ ] { } , : or #';
    this.#problems.add(this.#place(first.pos[0]), what, hint);
  }

  #parse() {
    try {
      return parseDocument(this.#text, {
        lineCounter: this.#lines,
        uniqueKeys: true,
        logLevel: 'silent',
        version: '1.2',
      });
    } catch {
      this.#problems.add({ file: this.#file, line: 1, column: 1 }, 'the file is no YAML that can be read', 'check it');
      return undefined;
    }
  }

  #node(node: ParsedNode, depth: number): Node {
    const at = this.#at(node);
    this.#nodes += 1;
    if (depth > MAX_DEPTH || this.#nodes > MAX_NODES) {
      this.#problems.add(at, 'the map is nested too deeply or too large', 'use fragments, and CSV files for code maps');
      return { kind: 'null', at };
    }
    if (isAlias(node)) {
      this.#problems.add(at, 'YAML aliases are not taken', 'write a fragment instead');
      return { kind: 'null', at };
    }
    if ('anchor' in node && node.anchor)
      this.#problems.add(at, 'YAML anchors are not taken', 'write a fragment instead');
    const tag = this.#tag(node, at);
    const base = tag === undefined ? { at } : { at: this.#beforeTag(node, tag), tag };
    if (isMap(node)) return { kind: 'map', ...base, entries: node.items.flatMap((pair) => this.#entry(pair, depth)) };
    if (isSeq(node))
      return { kind: 'list', ...base, items: node.items.map((item) => this.#node(item as ParsedNode, depth + 1)) };
    return this.#scalar(node, base);
  }

  #scalar(node: ParsedNode, base: { at: Place; tag?: string }): Node {
    if (!isScalar(node)) return { kind: 'null', ...base };
    const text = node.source ?? (typeof node.value === 'string' ? node.value : '');
    const quoted = node.type !== undefined && node.type !== 'PLAIN';
    if (!quoted && (text === '' || text === 'null' || text === '~')) return { kind: 'null', ...base };
    return { kind: 'scalar', ...base, text, quoted };
  }

  #entry(pair: { key: unknown; value: unknown }, depth: number): Entry[] {
    const key = pair.key as ParsedNode | null;
    if (!isScalar(key)) {
      this.#problems.add(
        key ? this.#at(key) : { file: this.#file, line: 1, column: 1 },
        'a key is a text',
        'write name: value',
      );
      return [];
    }
    const at = this.#at(key);
    const value = pair.value ? this.#node(pair.value as ParsedNode, depth + 1) : ({ kind: 'null', at } as const);
    return [{ key: key.source ?? String(key.value), at, value }];
  }

  #tag(node: ParsedNode, at: Place): string | undefined {
    const tag = node.tag;
    if (tag === undefined || /^tag:yaml\.org,2002:(str|map|seq|null|int|float|bool)$/.test(tag)) return undefined;
    if (!/^![A-Za-z]\w*$/.test(tag)) {
      this.#problems.add(at, 'this tag is not taken', 'converters are written as !name');
      return undefined;
    }
    return tag.slice(1);
  }

  /** A tag stands before its value: that is where people look. */
  #beforeTag(node: { range?: Range | null | undefined }, tag: string): Place {
    const end = node.range?.[0] ?? 0;
    const start = this.#text.lastIndexOf(`!${tag}`, end);
    return this.#place(start < 0 ? end : start);
  }

  #at(node: { range?: Range | null | undefined }): Place {
    return this.#place(node.range?.[0] ?? 0);
  }

  #place(offset: number): Place {
    const { line, col } = this.#lines.linePos(Math.min(offset, this.#text.length));
    return { file: this.#file, line: Math.max(1, line), column: Math.max(1, col) };
  }
}
