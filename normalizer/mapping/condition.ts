/** Conditions by value: a small grammar, compiled to closures. */
import type { CodeMap } from './codes/code-map.ts';
import { addressOperand, type Condition, compared, isAnyOf, isOneOf, type Operand, textOperand } from './operand.ts';
import { compilePattern } from './pattern.ts';
import { didYouMean, type Place } from './problems.ts';
import { type Address, type Field, isFault } from './sources/format.ts';
import { compileTemplate, isTemplate, type TemplateWorld } from './template.ts';

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
    const { address, isPresent } = left;
    if (this.#word('present')) return isPresent;
    if (this.#word('absent')) return (run) => !isPresent(run);
    if (address?.of === 'item')
      throw new Fault(
        `${address.text} is a group or segment, not a value`,
        'ask whether it is present or absent, or name a field',
      );
    if (this.#word('null'))
      return (run) => run.native.holdsNull !== false && (address?.fields(run.scope).some(isNull) ?? false);
    if (this.#word('matches')) return this.#pattern(left);
    const not = this.#word('not');
    if (this.#word('in')) return this.#in(left, not);
    if (not) throw new Fault('after not stands in', 'write not in [a, b]');
    for (const sign of ['!=', '<=', '>=', '=', '<', '>'])
      if (this.#sign(sign)) return compared(left, sign, this.#operand());
    throw new Fault('the condition compares nothing', `write present, absent, =, !=, <, >, in or matches; ${EXAMPLE}`);
  }

  #in(left: Operand, not: boolean): Condition {
    if (this.#sign('@')) {
      const name = /^[\w-]+/.exec(this.#text.slice(this.#at))?.[0] ?? '';
      this.#at += name.length;
      const map = this.#world.codeMap(name);
      if (!map)
        throw new Fault(`there is no code map ${name}`, didYouMean(name, this.#world.codeMapNames, 'code maps'));
      return isAnyOf(left, (value) => map.has(value), not);
    }
    if (!this.#sign('[')) throw new Fault('after in stands a list', 'write in [a, b] or in @codes');
    const list: Operand[] = [];
    do list.push(this.#operand());
    while (this.#sign(','));
    if (!this.#sign(']')) throw new Fault('the list is not closed', 'write ]');
    const known = new Set(list.map(({ literal }) => literal));
    return known.has(undefined) ? isOneOf(left, list, not) : isAnyOf(left, (value) => known.has(value), not);
  }

  #pattern(left: Operand): Condition {
    this.#space();
    const literal = /^\/((?:[^/\\]|\\.)+)\//.exec(this.#text.slice(this.#at));
    if (!literal) throw new Fault('after matches stands a regular expression', 'write matches /[0-9]+/');
    this.#at += literal[0].length;
    const test = compilePattern(literal[1]!);
    if (typeof test === 'string')
      throw new Fault(test, 'the expression matches the whole value; simplify it, or use a code map');
    return isAnyOf(left, test, false);
  }

  #operand(): Operand {
    this.#space();
    const rest = this.#text.slice(this.#at);
    if (rest.startsWith('$') && !rest.startsWith('${')) return addressOperand(this.#address(rest));
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
    if (!isTemplate(text)) return textOperand(() => text, text);
    const template = compileTemplate(text, this.#place, this.#world);
    this.addresses.push(...template.addresses);
    return textOperand(template.text, template.literal);
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

function isNull(field: Field): boolean {
  return field.isNull;
}
