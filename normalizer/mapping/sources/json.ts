/** Rows (JSON objects of column → text) and JSON documents. */
import { BridgeError } from '../../../core/errors.ts';
import { isNumber, numberText, parseLossless } from '../../../core/json.ts';
import type { Draft } from '../../draft.ts';
import type { SourceTracker } from '../../sources.ts';
import { isTree } from '../../tree.ts';
import {
  type Address,
  type AddressFault,
  type Field,
  type Opened,
  outer,
  type Scope,
  type SourceFormat,
  steps,
} from './format.ts';

/** A value within the document: a field where it is a scalar, an item of a loop else. */
export class JsonNode implements Field {
  readonly origin: unknown;
  readonly place: string;
  readonly #sources: SourceTracker;

  constructor(value: unknown, place: string, sources: SourceTracker) {
    this.origin = value;
    this.place = place;
    this.#sources = sources;
  }

  get isNull(): boolean {
    return false;
  }

  text(): string | undefined {
    return this.raw()?.trim() || undefined;
  }

  raw(): string | undefined {
    const value = this.origin;
    const text =
      typeof value === 'string'
        ? value
        : isNumber(value)
          ? numberText(value)
          : typeof value === 'boolean'
            ? String(value)
            : '';
    if (text === '') return undefined;
    this.#sources.used(this.place);
    return text;
  }

  member(name: string): JsonNode {
    const held = isTree(this.origin) && Object.hasOwn(this.origin, name) ? this.origin[name] : undefined;
    return new JsonNode(held, this.place === '' ? name : `${this.place}.${name}`, this.#sources);
  }

  entry(index: number): JsonNode {
    const held = Array.isArray(this.origin) ? this.origin[index] : undefined;
    return new JsonNode(held, `${this.place}[${index}]`, this.#sources);
  }

  /** A single value is a list of one, as many senders write it. */
  entries(): JsonNode[] {
    if (Array.isArray(this.origin)) return this.origin.map((_, index) => this.entry(index));
    return isPopulated(this.origin) ? [this] : [];
  }

  /** Every populated scalar. */
  see(): void {
    const value = this.origin;
    if (Array.isArray(value)) for (const item of this.entries()) item.see();
    else if (isTree(value)) for (const name of Object.keys(value)) this.#seeMember(name, value[name]);
    else if (isPopulated(value)) this.#sources.seen(this.place);
  }

  #seeMember(name: string, value: unknown): void {
    if (typeof value === 'object' && value !== null) this.member(name).see();
    else if (isPopulated(value)) this.#sources.seen(this.place === '' ? name : `${this.place}.${name}`);
  }
}

function isPopulated(value: unknown): boolean {
  if (value === null || value === undefined) return false;
  return typeof value !== 'string' || value.trim() !== '';
}

type Step = { readonly name: string } | { readonly index: number } | 'all';

const NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_\p{M}-]*/u;

/** `a.b[*].c`, `"odd key"`, `["odd key"]`, `.` */
function parsePath(text: string): readonly Step[] | AddressFault {
  const path: Step[] = [];
  let rest = text === '.' ? '' : text.replace(/^\.(?=[^.])/, '');
  if (rest === '' && text !== '.') return { message: 'the address names nothing', hint: 'write $NAME or $"a name"' };
  while (rest !== '') {
    const bracket = /^\[(?:(\*)|(\d{1,6})|"([^"]*)")\]/.exec(rest);
    const quoted = /^"([^"]+)"/.exec(rest);
    const name = NAME.exec(rest);
    const found = bracket ?? quoted ?? name;
    if (!found)
      return {
        message: `the address cannot be read at "${rest.slice(0, 20)}"`,
        hint: 'write $a.b, $a[*].b, $a[0] or $"odd name"',
      };
    if (bracket) path.push(bracket[1] ? 'all' : bracket[2] ? { index: Number(bracket[2]) } : { name: bracket[3]! });
    else path.push({ name: quoted ? quoted[1]! : name![0] });
    rest = rest.slice(found[0].length);
    if (rest.startsWith('.')) {
      rest = rest.slice(1);
      if (rest === '') return { message: 'the address ends in a dot', hint: 'name what follows' };
    }
  }
  return path;
}

function nodesAt(start: JsonNode, path: readonly Step[]): JsonNode[] {
  let here = [start];
  for (const step of path) {
    if (step === 'all') here = here.flatMap((node) => node.entries());
    else here = here.map((node) => ('name' in step ? node.member(step.name) : node.entry(step.index)));
  }
  return here;
}

/** The item of the scope; a part of a divided text has no members, then the item around it is meant. */
function nodeAt(scope: Scope, members: boolean): JsonNode {
  let here = scope;
  while (members && !(here.item instanceof JsonNode) && here.parent) here = here.parent;
  return here.item as JsonNode;
}

function pathAddress(text: string, up: number | 'top', path: readonly Step[]): Address {
  const many = path.includes('all');
  const first = path[0];
  const only = path.length === 1 && first !== 'all' && first !== undefined && 'name' in first ? first.name : undefined;
  const nodes = (scope: Scope): readonly JsonNode[] => {
    const start = nodeAt(up === 0 ? scope : outer(scope, up), path.length > 0);
    return only === undefined ? nodesAt(start, path) : [start.member(only)];
  };
  return { text: `$${text}`, many, of: 'field', fields: nodes, items: nodes };
}

function jsonAddress(text: string): Address | AddressFault {
  const { up, rest } = steps(text);
  const path = parsePath(rest);
  return Array.isArray(path) ? pathAddress(text, up, path) : (path as AddressFault);
}

/** One column: names may hold dots. */
function tableAddress(text: string): Address | AddressFault {
  const { up, rest } = steps(text);
  if (rest === '.') return pathAddress(text, up, []);
  const quoted = /^"([^"]+)"$/.exec(rest)?.[1];
  const name = quoted ?? (/^[\p{L}\p{N}_][\p{L}\p{N}_\p{M}.#-]*$/u.test(rest) ? rest : undefined);
  if (name !== undefined) return pathAddress(text, up, [{ name }]);
  if (rest.includes('[')) return { message: 'a column has one value', hint: 'divide its text with each: !split' };
  return { message: 'this is no name of a column', hint: 'write names with spaces or signs as $"the name"' };
}

function parseItem(bytes: Uint8Array): unknown {
  try {
    const text = UTF8.decode(bytes);
    const plain: unknown = JSON.parse(text);
    // Keeping the text of numbers costs more than all else of the reading; rows hold texts only.
    return holdsNumbers(plain) ? parseLossless(text) : plain;
  } catch {
    throw new BridgeError('item.format', 'the item is no JSON in UTF-8');
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function holdsNumbers(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'number';
  for (const item of Object.values(value)) if (typeof item !== 'string' && holdsNumbers(item)) return true;
  return false;
}

function opened(value: unknown, bytes: Uint8Array, draft: Draft): Opened {
  const root = new JsonNode(value, '', draft.sources);
  return { root, native: {}, see: () => root.see(), keep: () => ({ contentType: 'application/json', bytes }) };
}

function holdsAll(root: unknown, names: readonly string[]): boolean {
  const { origin } = root as JsonNode;
  return isTree(origin) && names.every((name) => Object.hasOwn(origin, name));
}

export const table: SourceFormat = {
  kind: 'table',
  address: tableAddress,
  open({ bytes }, _context, draft) {
    const value = parseItem(bytes);
    if (!isTree(value)) throw new BridgeError('item.format', 'the row is no JSON object in UTF-8');
    return opened(value, bytes, draft);
  },
  matchKeys: ['columns'],
  matches: (root, _key, names) => holdsAll(root, names),
};

export const json: SourceFormat = {
  kind: 'json',
  address: jsonAddress,
  open: ({ bytes }, _context, draft) => opened(parseItem(bytes), bytes, draft),
  matchKeys: ['fields'],
  matches: (root, _key, names) => holdsAll(root, names),
};
