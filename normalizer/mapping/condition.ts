/** Conditions by value: a small grammar, compiled to closures. */
import { measured } from '../shared/result.ts';
import type { CodeMap } from './codes/code-map.ts';
import { compilePattern } from './pattern.ts';
import { didYouMean, type Place } from './problems.ts';
import type { Run } from './run.ts';
import { type Address, type Field, isFault, isPopulated, presentField } from './sources/format.ts';
import { compileTemplate, isTemplate, type TemplateWorld } from './template.ts';

export type Condition = (run: Run) => boolean;

export interface ConditionWorld extends TemplateWorld {
  codeMap(name: string): CodeMap | undefined;
  readonly codeMapNames: readonly string[];
}

export interface CompiledCondition {
  readonly holds: Condition;
  readonly addresses: readonly Address[];
}

const MAX_LENGTH = 2000;
const MAX_DEPTH = 32;
const WORDS = new Set(['and', 'or', 'not', 'in', 'present', 'absent', 'null', 'matches']);

export function compileCondition(text: string, at: Place, world: ConditionWorld): CompiledCondition {
  if (text.length > MAX_LENGTH) {
    world.problems.add(at, `the condition is longer than ${MAX_LENGTH} characters`, 'use a code map and `in @name`');
    return { holds: () => false, addresses: [] };
  }
  const parser = new Parser(text, at, world);
  const holds = parser.condition();
  return { holds, addresses: parser.addresses };
}

type Operand =
  | { readonly address: Address }
  | { readonly text: (run: Run) => string | undefined; readonly literal: string | undefined };

class Fault extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

const EXAMPLE = 'write for example $A = x and $B present';

class Parser {
  readonly addresses: Address[] = [];
  readonly #text: string;
  readonly #place: Place;
  readonly #world: ConditionWorld;
  #at = 0;
  #depth = 0;

  constructor(text: string, place: Place, world: ConditionWorld) {
    this.#text = text;
    this.#place = place;
    this.#world = world;
  }

  condition(): Condition {
    try {
      const holds = this.#or();
      if (this.#rest() !== '')
        throw new Fault(`the condition goes on with "${this.#rest().slice(0, 20)}"`, 'join conditions by and, or');
      return holds;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#world.problems.add(this.#place, error.message, error.hint);
      return () => false;
    }
  }

  #rest(): string {
    return this.#text.slice(this.#at).trim();
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #word(word: string): boolean {
    this.#space();
    const next = this.#text[this.#at + word.length];
    if (!this.#text.startsWith(word, this.#at) || (next !== undefined && /[\p{L}\p{N}_]/u.test(next))) return false;
    this.#at += word.length;
    return true;
  }

  #sign(sign: string): boolean {
    this.#space();
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#word('or')) {
      const [a, b] = [left, this.#and()];
      left = (run) => a(run) || b(run);
    }
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#word('and')) {
      const [a, b] = [left, this.#not()];
      left = (run) => a(run) && b(run);
    }
    return left;
  }

  #not(): Condition {
    if (++this.#depth > MAX_DEPTH) throw new Fault('the condition is nested too deeply', 'divide it');
    try {
      if (this.#word('not')) {
        const inner = this.#not();
        return (run) => !inner(run);
      }
      if (!this.#sign('(')) return this.#test();
      const inner = this.#or();
      if (!this.#sign(')')) throw new Fault('a bracket is not closed', 'write )');
      return inner;
    } finally {
      this.#depth -= 1;
    }
  }

  #test(): Condition {
    const left = this.#operand();
    const isThere = (run: Run) => isPresent(left, run);
    if (this.#word('present')) return (run) => run.look(isThere);
    if (this.#word('absent')) return (run) => !run.look(isThere);
    if ('address' in left && left.address.of === 'item')
      throw new Fault(
        `${left.address.text} is a group or segment, not a value`,
        'ask whether it is present or absent, or name a field',
      );
    if (this.#word('null'))
      return (run) =>
        run.native.holdsNull !== false && 'address' in left && left.address.fields(run.scope).some(isNull);
    if (this.#word('matches')) return this.#pattern(left);
    const not = this.#word('not');
    if (this.#word('in')) return this.#in(left, not);
    if (not) throw new Fault('after not stands in', 'write not in [a, b]');
    for (const sign of ['!=', '<=', '>=', '=', '<', '>'])
      if (this.#sign(sign)) return compare(left, sign, this.#operand());
    throw new Fault('the condition compares nothing', `write present, absent, =, !=, <, >, in or matches; ${EXAMPLE}`);
  }

  #in(left: Operand, not: boolean): Condition {
    if (this.#sign('@')) {
      const name = /^[\w-]+/.exec(this.#text.slice(this.#at))?.[0] ?? '';
      this.#at += name.length;
      const map = this.#world.codeMap(name);
      if (!map)
        throw new Fault(`there is no code map ${name}`, didYouMean(name, this.#world.codeMapNames, 'code maps'));
      return decided((run) => anyOf(left, run, (value) => map.has(value)), not, left);
    }
    if (!this.#sign('[')) throw new Fault('after in stands a list', 'write in [a, b] or in @codes');
    const list: Operand[] = [];
    do list.push(this.#operand());
    while (this.#sign(','));
    if (!this.#sign(']')) throw new Fault('the list is not closed', 'write ]');
    if (list.every((item) => 'literal' in item && item.literal !== undefined)) {
      const known = new Set(list.map((item) => (item as { literal: string }).literal));
      return decided((run) => anyOf(left, run, (value) => known.has(value)), not, left);
    }
    const isOne = (run: Run) => anyOf(left, run, (value) => list.some((item) => values(item, run).includes(value)));
    return decided(isOne, not, left, ...list);
  }

  #pattern(left: Operand): Condition {
    this.#space();
    const literal = /^\/((?:[^/\\]|\\.)+)\//.exec(this.#text.slice(this.#at));
    if (!literal) throw new Fault('after matches stands a regular expression', 'write matches /[0-9]+/');
    this.#at += literal[0].length;
    const test = compilePattern(literal[1]!);
    if (typeof test === 'string')
      throw new Fault(test, 'the expression matches the whole value; simplify it, or use a code map');
    return decided((run) => anyOf(left, run, test), false, left);
  }

  #operand(): Operand {
    this.#space();
    const rest = this.#text.slice(this.#at);
    if (rest.startsWith('$') && !rest.startsWith('${')) return { address: this.#address(rest) };
    const quoted = /^(?:'((?:[^']|'')*)'|"((?:[^"\\]|\\.)*)")/.exec(rest);
    const plain = quoted
      ? undefined
      : /^(?:\$\{[^}]*\}|[\p{L}\p{M}\p{N}\p{S}_.:/%#*°?-])+/u.exec(rest.replace(/^[<>=]/, ''))?.[0];
    if (quoted) this.#at += quoted[0].length;
    else if (plain === undefined || WORDS.has(plain) || /^[<>=!]/.test(rest))
      throw new Fault(
        rest.trim() === '' ? 'the condition ends too early' : `a value is missing before "${rest.slice(0, 20)}"`,
        EXAMPLE,
      );
    const text = quoted ? (quoted[1]?.replaceAll("''", "'") ?? quoted[2]!.replaceAll(/\\(.)/g, '$1')) : cut(plain!);
    if (!quoted) this.#at += text.length;
    if (!isTemplate(text)) return { text: () => text, literal: text };
    const template = compileTemplate(text, this.#place, this.#world);
    this.addresses.push(...template.addresses);
    return { text: template.text, literal: template.literal };
  }

  #address(rest: string): Address {
    const written = addressText(rest.slice(1));
    this.#at += written.length + 1;
    const address = this.#world.address(written);
    if (isFault(address)) throw new Fault(address.message, address.hint);
    this.addresses.push(address);
    return address;
  }
}

/** Signs of comparison are symbols, too. */
function cut(plain: string): string {
  return plain.replace(/[<>=].*$/u, '');
}

/** Up to white space or a sign of the condition, but whole brackets and quotes. */
function addressText(rest: string): string {
  let depth = 0;
  let quote = '';
  for (let at = 0; at < rest.length; at += 1) {
    const char = rest[at]!;
    if (quote) {
      if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '[') depth += 1;
    else if (char === ']' && depth > 0) depth -= 1;
    else if (depth === 0 && /[\s=!<>(),\]]/.test(char)) return rest.slice(0, at);
  }
  return rest;
}

/**
 * A value that was looked for and is there counts as read: what hangs on it says it. One that is not there may still be
 * told elsewhere, or is left.
 */
function decided(test: Condition, not: boolean, ...operands: readonly Operand[]): Condition {
  const addresses = operands.flatMap((operand) => ('address' in operand ? [operand.address] : []));
  const [ones, lists] = [addresses.filter(({ many }) => !many), addresses.filter(({ many }) => many)];
  return (run) => {
    if (!run.look(test)) return not;
    for (const address of ones) presentField(address, run.scope)?.text();
    for (const address of lists) for (const field of address.fields(run.scope)) field.text();
    return !not;
  };
}

function isNull(field: Field): boolean {
  return field.isNull;
}

function values(operand: Operand, run: Run): string[] {
  if (!isMany(operand)) {
    const text = oneValue(operand, run);
    return text === undefined ? [] : [text];
  }
  const found: string[] = [];
  for (const field of operand.address.fields(run.scope)) {
    const text = field.text();
    if (text !== undefined) found.push(text);
  }
  return found;
}

function anyOf(operand: Operand, run: Run, test: (value: string) => boolean): boolean {
  if (isMany(operand)) return values(operand, run).some(test);
  const value = oneValue(operand, run);
  return value !== undefined && test(value);
}

function isMany(operand: Operand): operand is Operand & { readonly address: Address } {
  return 'address' in operand && operand.address.many;
}

/** Of an operand that has one value. */
function oneValue(operand: Operand, run: Run): string | undefined {
  if ('text' in operand) return operand.text(run);
  const { address } = operand;
  return presentField(address, run.scope)?.text();
}

/** A segment or group that is there; a value of which anything is there, were it not its first component. */
function isPresent(operand: Operand, run: Run): boolean {
  if ('text' in operand) return operand.text(run) !== undefined;
  const { address } = operand;
  if (address.of === 'item') return address.items(run.scope).length > 0;
  if (address.many) return address.fields(run.scope).some(isPopulated);
  const field = presentField(address, run.scope);
  return field !== undefined && isPopulated(field);
}

function compare(left: Operand, sign: string, right: Operand): Condition {
  if (sign === '=' || sign === '!=') {
    const several = isMany(left) || isMany(right);
    const equal = several ? equalOfSeveral(left, right) : equalOfOne(left, right);
    return decided(equal, sign === '!=', left, right);
  }
  const holds = (run: Run) => {
    for (const a of values(left, run)) for (const b of values(right, run)) if (ordered(a, sign, b)) return true;
    return false;
  };
  return decided(holds, false, left, right);
}

function equalOfOne(left: Operand, right: Operand): Condition {
  return (run) => {
    const wanted = oneValue(right, run);
    const value = oneValue(left, run);
    return value !== undefined && value === wanted;
  };
}

function equalOfSeveral(left: Operand, right: Operand): Condition {
  return (run) => {
    const wanted = values(right, run);
    return values(left, run).some((value) => wanted.includes(value));
  };
}

/** Numbers only: what is none is neither less nor greater. */
function ordered(a: string, sign: string, b: string): boolean {
  const [x, y] = [measured(a), measured(b)];
  if (!x || !y || x.comparator || y.comparator) return false;
  const difference = Number(x.number) - Number(y.number);
  if (difference === 0) return sign === '<=' || sign === '>=';
  return difference < 0 ? sign === '<' || sign === '<=' : sign === '>' || sign === '>=';
}
