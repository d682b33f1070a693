/** The part of XPath 1.0 that maps need: child and descendant steps, attributes, positions, and predicates by value. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import type { AddressFault } from './format.ts';

export type XmlNode = { readonly element: XmlElement; readonly attribute?: string };

interface Step {
  readonly axis: 'child' | 'descendant' | 'attribute' | 'parent' | 'self';
  /** Canonical; `*` for any. */
  readonly name: string;
  readonly tests: readonly Test[];
}

/** Is told what a predicate by value has compared, of elements that it takes: the map has read that, too. */
type Pick = (node: XmlNode) => void;
type Predicate = (element: XmlElement, pick: Pick) => boolean;
type Test = { readonly position: number } | Predicate;

export interface XPath {
  readonly absolute: boolean;
  /** Gives several nodes: written with `[*]` at its end. */
  readonly many: boolean;
  nodes(start: XmlElement, pick: Pick): XmlNode[];
}

class Syntax extends Error {}

/** @param canonical name of an element or attribute as the tree has it; undefined for a prefix that is not declared */
export function parseXPath(text: string, canonical: (name: string) => string | undefined): XPath | AddressFault {
  const many = text.endsWith('[*]');
  const body = many ? text.slice(0, -3) : text;
  const absolute = body.startsWith('/') && !body.startsWith('//');
  try {
    const steps = new Parser(absolute ? body.slice(1) : body, canonical).path();
    return { absolute, many, nodes: (start, pick) => walk(absolute ? [top(start)] : [start], steps, absolute, pick) };
  } catch (error) {
    if (!(error instanceof Syntax)) throw error;
    return {
      message: error.message,
      hint: "write steps such as v3:author/v3:time/@value and predicates such as [@code='x']",
    };
  }
}

function top(element: XmlElement): XmlElement {
  let here = element;
  while (here.parent) here = here.parent;
  return here;
}

function walk(start: readonly XmlElement[], steps: readonly Step[], absolute: boolean, pick: Pick): XmlNode[] {
  let here: XmlNode[] = start.map((element) => ({ element }));
  for (const [index, step] of steps.entries()) {
    if (absolute && index === 0 && step.axis === 'child')
      here = here.filter(({ element }) => step.name === '*' || element.name === step.name);
    else here = here.flatMap(({ element }) => take(element, step, pick));
  }
  return here;
}

function take(element: XmlElement, step: Step, pick: Pick): XmlNode[] {
  if (step.axis === 'attribute') return [{ element, attribute: step.name }];
  if (step.axis === 'parent') return element.parent ? [{ element: element.parent }] : [];
  if (step.axis === 'self') return [{ element }];
  const all = step.axis === 'child' ? element.elements() : [...element.walk()].slice(1);
  let found = all.filter((one) => step.name === '*' || one.name === step.name);
  for (const test of step.tests)
    found =
      typeof test === 'function'
        ? found.filter((one) => takes(test, one, pick))
        : found.slice(test.position - 1, test.position);
  return found.map((one) => ({ element: one }));
}

function takes(test: Predicate, element: XmlElement, pick: Pick): boolean {
  const compared: XmlNode[] = [];
  if (!test(element, (node) => compared.push(node))) return false;
  for (const node of compared) pick(node);
  return true;
}

const NAME = /^(?:[A-Za-z_][\w.-]*:)?(?:[A-Za-z_][\w.-]*|\*)/;

class Parser {
  #rest: string;
  #depth = 0;
  readonly #canonical: (name: string) => string | undefined;

  constructor(text: string, canonical: (name: string) => string | undefined) {
    this.#rest = text;
    this.#canonical = canonical;
  }

  path(): Step[] {
    const steps = this.#relative();
    if (this.#rest !== '') throw new Syntax(`the XPath cannot be read at "${this.#rest.slice(0, 20)}"`);
    return steps;
  }

  #relative(): Step[] {
    const steps: Step[] = [];
    let descend = this.#eat('//') || (this.#eat('.//') && true);
    for (;;) {
      steps.push(this.#step(descend));
      if (this.#eat('//')) descend = true;
      else if (this.#rest.startsWith('/')) {
        this.#rest = this.#rest.slice(1);
        descend = false;
      } else return steps;
      if (steps.at(-1)!.axis === 'attribute') throw new Syntax('an attribute has nothing below it');
    }
  }

  #step(descend: boolean): Step {
    if (this.#eat('..')) return { axis: 'parent', name: '*', tests: [] };
    if (this.#eat('.')) return { axis: 'self', name: '*', tests: [] };
    const attribute = this.#eat('@');
    const name = NAME.exec(this.#rest)?.[0];
    if (name === undefined) throw new Syntax(`the XPath cannot be read at "${this.#rest.slice(0, 20)}"`);
    this.#rest = this.#rest.slice(name.length);
    if (this.#rest.startsWith('(')) throw new Syntax(`functions such as ${name}() are not taken`);
    const known = name === '*' ? '*' : this.#canonical(name);
    if (known === undefined) throw new Syntax(`the prefix of ${name} is not declared`);
    if (attribute) return { axis: 'attribute', name: known, tests: [] };
    const tests: Test[] = [];
    while (this.#eat('[')) tests.push(this.#predicate());
    return { axis: descend ? 'descendant' : 'child', name: known, tests };
  }

  #predicate(): Test {
    if (++this.#depth > 4) throw new Syntax('predicates are nested too deeply');
    const position = /^\s*([1-9]\d{0,4})\s*\]/.exec(this.#rest);
    let test: Test;
    if (position) {
      this.#rest = this.#rest.slice(position[0].length);
      test = { position: Number(position[1]) };
    } else {
      test = this.#either();
      this.#space();
      if (!this.#eat(']')) throw new Syntax(`a predicate does not end at "${this.#rest.slice(0, 20)}"`);
    }
    this.#depth -= 1;
    return test;
  }

  #either(): Predicate {
    let left = this.#both();
    while (this.#word('or')) {
      const [a, b] = [left, this.#both()];
      left = (element, pick) => a(element, pick) || b(element, pick);
    }
    return left;
  }

  #both(): Predicate {
    let left = this.#comparison();
    while (this.#word('and')) {
      const [a, b] = [left, this.#comparison()];
      left = (element, pick) => a(element, pick) && b(element, pick);
    }
    return left;
  }

  #comparison(): Predicate {
    this.#space();
    const steps = this.#relative();
    const found = (element: XmlElement, pick: Pick) => walk([element], steps, false, pick);
    this.#space();
    const equal = this.#eat('!=') ? false : this.#eat('=') ? true : undefined;
    if (equal === undefined) return (element, pick) => found(element, pick).some(exists);
    this.#space();
    const literal = /^(?:'([^']*)'|"([^"]*)")/.exec(this.#rest);
    if (!literal) throw new Syntax('a value is written in quotes');
    this.#rest = this.#rest.slice(literal[0].length);
    const wanted = literal[1] ?? literal[2]!;
    return (element, pick) => {
      const match = found(element, pick).find((node) => exists(node) && (peek(node) === wanted) === equal);
      if (match) pick(match);
      return match !== undefined;
    };
  }

  #word(word: string): boolean {
    const match = new RegExp(`^\\s+${word}\\s+`).exec(this.#rest);
    if (match) this.#rest = this.#rest.slice(match[0].length);
    return match !== null;
  }

  #space(): void {
    this.#rest = this.#rest.trimStart();
  }

  #eat(text: string): boolean {
    if (!this.#rest.startsWith(text)) return false;
    this.#rest = this.#rest.slice(text.length);
    return true;
  }
}

function exists({ element, attribute }: XmlNode): boolean {
  return attribute === undefined || element.attributes.some((one) => one.name === attribute);
}

/** The value of a node, not remembered as read. */
export function peek({ element, attribute }: XmlNode): string {
  if (attribute === undefined) return element.ownText();
  return element.attributes.find((one) => one.name === attribute)?.value ?? '';
}
