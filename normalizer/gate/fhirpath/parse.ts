/** Parser of the part of FHIRPath (N1) in which R4 writes its invariants. */

export type Node =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'member'; readonly of: Node; readonly name: string }
  | { readonly kind: 'call'; readonly of: Node; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'type'; readonly of: Node; readonly operator: string; readonly type: string }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Node; readonly right: Node };

/** What an expression starts from: `$this`. */
const FOCUS: Node = { kind: 'variable', name: '$this' };

/** Binary operators, loosest first; one row binds equally. */
const LEVELS: readonly (readonly string[])[] = [
  ['implies'],
  ['or', 'xor'],
  ['and'],
  ['in', 'contains'],
  ['=', '!='],
  ['<', '>', '<=', '>='],
  ['|'],
  ['is', 'as'],
  ['+', '&'],
];

const TOKEN = /\s*(?:('(?:[^'\\]|\\.)*')|(`[^`]+`)|(\d+(?:\.\d+)?)|([%$]?[A-Za-z_]\w*)|(!=|<=|>=|[=<>|+&().,]))/y;

type Token = { readonly text: string; readonly kind: 'string' | 'quoted' | 'number' | 'name' | 'sign' | 'end' };

/** @throws SyntaxError for what is not of this part of FHIRPath */
export function parse(expression: string): Node {
  return new Parser(tokens(expression)).whole();
}

function tokens(expression: string): Token[] {
  const found: Token[] = [];
  const token = new RegExp(TOKEN);
  const text = expression.trimEnd();
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (!match) throw new SyntaxError('not an expression of R4 invariants');
    const [, string, quoted, number, name, sign] = match;
    if (string !== undefined) found.push({ kind: 'string', text: unescaped(string.slice(1, -1)) });
    else if (quoted !== undefined) found.push({ kind: 'quoted', text: quoted.slice(1, -1) });
    else if (number !== undefined) found.push({ kind: 'number', text: number });
    else if (name !== undefined) found.push({ kind: 'name', text: name });
    else found.push({ kind: 'sign', text: sign! });
  }
  return found;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/gs, '$1');
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Node {
    const node = this.#binary(0);
    if (this.#peek().kind !== 'end') throw new SyntaxError('an expression goes on after its end');
    return node;
  }

  #binary(level: number): Node {
    const operators = LEVELS[level];
    if (!operators) return this.#path();
    let node = this.#binary(level + 1);
    for (let next = this.#peek(); isOperator(next, operators); next = this.#peek()) {
      this.#at += 1;
      if (next.text === 'is' || next.text === 'as')
        node = { kind: 'type', of: node, operator: next.text, type: this.#name() };
      else node = { kind: 'binary', operator: next.text, left: node, right: this.#binary(level + 1) };
    }
    return node;
  }

  #path(): Node {
    let node = this.#term();
    while (this.#take('.')) node = this.#step(node);
    return node;
  }

  #term(): Node {
    const next = this.#peek();
    if (next.kind === 'string') {
      this.#at += 1;
      return { kind: 'literal', value: next.text };
    }
    if (next.kind === 'number') {
      this.#at += 1;
      return { kind: 'literal', value: Number(next.text) };
    }
    if (this.#take('(')) {
      const node = this.#binary(0);
      this.#expect(')');
      return node;
    }
    if (next.kind === 'name' && (next.text === 'true' || next.text === 'false')) {
      this.#at += 1;
      return { kind: 'literal', value: next.text === 'true' };
    }
    if (next.kind === 'name' && /^[%$]/.test(next.text)) return { kind: 'variable', name: this.#name() };
    return this.#step(FOCUS);
  }

  #step(of: Node): Node {
    const name = this.#name();
    if (!this.#take('(')) return { kind: 'member', of, name };
    const args: Node[] = [];
    while (!this.#take(')')) {
      args.push(this.#binary(0));
      this.#take(',');
    }
    return { kind: 'call', of, name, args };
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' };
  }

  #name(): string {
    const next = this.#peek();
    if (next.kind !== 'name' && next.kind !== 'quoted') throw new SyntaxError('a name is missing');
    this.#at += 1;
    return next.text;
  }

  #take(sign: string): boolean {
    const next = this.#peek();
    if (next.kind !== 'sign' || next.text !== sign) return false;
    this.#at += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#take(sign)) throw new SyntaxError(`${sign} is missing`);
  }
}

function isOperator(token: Token, operators: readonly string[]): boolean {
  return (token.kind === 'sign' || token.kind === 'name') && operators.includes(token.text);
}
