/** FHIR Mapping Language (R4 mapping-language.html §7.8, R5 §10.5) → model. */
import { type Token, tokensOf } from './lexer.ts';
import {
  type FmlConceptMap,
  type FmlGroup,
  type FmlMap,
  type FmlParameter,
  type FmlRule,
  type FmlSource,
  type FmlTarget,
  fmlFault,
} from './model.ts';

const LISTS = new Set(['first', 'not_first', 'last', 'not_last', 'only_one', 'share', 'single', 'collate']);
const ENDS = new Set([',', '->', ';', '}', 'then']);

export function parseFml(text: string): FmlMap {
  return new Parser(text).map();
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokensOf(text);
  }

  map(): FmlMap {
    const uses = new Map<string, string>();
    const imports: string[] = [];
    const conceptMaps: FmlConceptMap[] = [];
    const groups: FmlGroup[] = [];
    let [url, name] = ['', ''];
    while (this.#here.kind !== 'end') {
      const word = this.#take().text;
      if (word === 'map') {
        url = this.#take().text;
        this.#want('=');
        name = this.#take().text;
      } else if (word === 'uses') this.#uses(uses);
      else if (word === 'imports') imports.push(this.#take().text);
      else if (word === 'conceptmap') conceptMaps.push(this.#conceptMap());
      else if (word === 'group') groups.push(this.#group());
      else if (word === 'let') this.#skipTo(';');
      else throw fmlFault(this.#tokens[this.#at - 1]!.line, 'map, uses, imports, conceptmap or group was expected');
      this.#have(';');
    }
    return { url, name, uses, imports, conceptMaps, groups };
  }

  get #here(): Token {
    return this.#tokens[this.#at]!;
  }

  #take(): Token {
    const token = this.#here;
    if (token.kind === 'end') throw fmlFault(token.line, 'the map ends too early');
    this.#at++;
    return token;
  }

  #have(text: string): boolean {
    if (this.#here.kind === 'text' || this.#here.text !== text) return false;
    this.#at++;
    return true;
  }

  #want(text: string): void {
    if (!this.#have(text)) throw fmlFault(this.#here.line, `${text} was expected`);
  }

  #skipTo(text: string): void {
    while (this.#here.kind !== 'end' && this.#here.text !== text) this.#at++;
  }

  #uses(into: Map<string, string>): void {
    const url = this.#take().text;
    const alias = this.#have('alias') ? this.#take().text : url.slice(url.lastIndexOf('/') + 1);
    this.#want('as');
    this.#take();
    into.set(alias, url);
  }

  #conceptMap(): FmlConceptMap {
    const name = this.#take().text.replace(/^#/, '');
    const prefixes = new Map<string, string>();
    const codes: { source: string; target: string; system?: string }[] = [];
    this.#want('{');
    while (!this.#have('}')) {
      if (this.#have('prefix')) {
        const prefix = this.#take().text;
        this.#want('=');
        prefixes.set(prefix, this.#take().text);
      } else if (this.#have('unmapped')) this.#skipTo('}');
      else {
        const source = this.#coded().code;
        // The relation: - == <= >= != ~ (R4, R5).
        while (this.#here.kind === 'sign') this.#at++;
        const { prefix, code } = this.#coded();
        const system = prefixes.get(prefix);
        codes.push({ source, target: code, ...(system ? { system } : {}) });
      }
    }
    return { name, codes };
  }

  #coded(): { prefix: string; code: string } {
    const prefix = this.#take().text;
    this.#want(':');
    return { prefix, code: this.#take().text };
  }

  #group(): FmlGroup {
    const { line, text: name } = this.#take();
    const inputs: FmlGroup['inputs'][number][] = [];
    this.#want('(');
    do {
      const mode = this.#take().text;
      if (mode !== 'source' && mode !== 'target') throw fmlFault(line, 'source or target was expected');
      const input = this.#take().text;
      inputs.push({ mode, name: input, ...(this.#have(':') ? { type: this.#take().text } : {}) });
    } while (this.#have(','));
    this.#want(')');
    const base = this.#have('extends') ? this.#take().text : undefined;
    if (this.#have('<<')) {
      this.#skipTo('>>');
      this.#want('>>');
    }
    return { name, line, inputs, rules: this.#rules(), ...(base ? { extends: base } : {}) };
  }

  #rules(): FmlRule[] {
    const rules: FmlRule[] = [];
    this.#want('{');
    while (!this.#have('}')) rules.push(this.#rule());
    return rules;
  }

  #rule(): FmlRule {
    const { line } = this.#here;
    // Older texts put the name in front.
    if (
      this.#here.kind === 'word' &&
      this.#tokens[this.#at + 1]?.text === ':' &&
      this.#tokens[this.#at + 2]?.text === 'for'
    )
      this.#at += 3;
    const sources = [this.#source()];
    while (this.#have(',')) sources.push(this.#source());
    const targets: FmlTarget[] = [];
    if (this.#have('->')) {
      do targets.push(this.#target());
      while (this.#have(','));
    }
    const rules: FmlRule[] = [];
    const calls: { group: string; parameters: string[] }[] = [];
    if (this.#have('then')) {
      if (this.#here.text !== '{') {
        do calls.push(this.#call());
        while (this.#have(','));
      }
      if (this.#here.text === '{') rules.push(...this.#rules());
    }
    if (this.#here.kind === 'text' || (this.#here.kind === 'word' && this.#tokens[this.#at + 1]?.text === ';'))
      this.#at++;
    this.#want(';');
    return { sources, targets, rules, calls, line };
  }

  #call() {
    const group = this.#take().text;
    const parameters: string[] = [];
    this.#want('(');
    while (!this.#have(')')) {
      parameters.push(this.#take().text);
      this.#have(',');
    }
    return { group, parameters };
  }

  #source(): FmlSource {
    const context = this.#take().text;
    const element = this.#path();
    const extra: string[] = [];
    let variable: string | undefined;
    let condition: string | undefined;
    while (!ENDS.has(this.#here.text) && this.#here.kind !== 'text') {
      const { text: word, kind, line } = this.#take();
      if (word === 'as') variable = this.#take().text;
      else if (word === 'where') condition = this.#expression();
      else if (word === 'check' || word === 'log') {
        this.#expression();
        if (word === 'check') extra.push('check');
      } else if (word === 'default') {
        this.#expression();
        extra.push('default');
      } else if (LISTS.has(word)) extra.push(word);
      else if (word === ':') extra.push(`type ${this.#take().text}`);
      else if (kind === 'number') {
        this.#want('..');
        this.#take();
      } else throw fmlFault(line, 'the source of a rule cannot be read');
    }
    return {
      context,
      extra,
      ...(element ? { element } : {}),
      ...(variable ? { variable } : {}),
      ...(condition ? { condition } : {}),
    };
  }

  /** The FHIRPath up to where the next part of the rule begins, without its outer parentheses. */
  #expression(): string {
    const from = this.#here.at;
    let depth = 0;
    for (; this.#here.kind !== 'end'; this.#at++) {
      const { text, kind } = this.#here;
      if (kind === 'text') continue;
      if (text === '(') depth++;
      if (text === ')') depth--;
      if (depth > 0) continue;
      if (ENDS.has(text) || ['as', 'check', 'log', 'where', 'default'].includes(text)) break;
    }
    const expression = this.#text.slice(from, this.#here.at).trim();
    return expression.startsWith('(') && expression.endsWith(')') ? expression.slice(1, -1).trim() : expression;
  }

  #path(): string | undefined {
    const steps: string[] = [];
    while (this.#have('.')) steps.push(this.#take().text);
    return steps.length > 0 ? steps.join('.') : undefined;
  }

  #target(): FmlTarget {
    const context = this.#take().text;
    // `create('X') as v` without an element of a context.
    if (this.#here.text === '(') {
      const parameters = this.#parameters();
      return { transform: context, parameters, ...this.#named() };
    }
    const element = this.#path();
    const valued = this.#have('=') ? this.#transform() : { parameters: [] };
    return { context, ...(element ? { element } : {}), ...valued, ...this.#named() };
  }

  #named(): { variable?: string } {
    const variable = this.#have('as') ? this.#take().text : undefined;
    while (LISTS.has(this.#here.text)) this.#at++;
    return variable ? { variable } : {};
  }

  #transform(): { transform: string; parameters: FmlParameter[] } {
    if (this.#here.text === '(' && this.#here.kind === 'sign')
      return { transform: 'evaluate', parameters: [{ literal: this.#expression() }] };
    const next = this.#tokens[this.#at + 1]?.text;
    if (this.#here.kind === 'word' && next === '(')
      return { transform: this.#take().text, parameters: this.#parameters() };
    return { transform: 'copy', parameters: [this.#parameter()] };
  }

  #parameters(): FmlParameter[] {
    const parameters: FmlParameter[] = [];
    this.#want('(');
    while (!this.#have(')')) {
      const from = this.#here.at;
      const parameter = this.#parameter();
      if (this.#here.text === ',' || this.#here.text === ')') parameters.push(parameter);
      else {
        let depth = 0;
        for (; depth > 0 || (this.#here.text !== ',' && this.#here.text !== ')'); this.#take())
          depth += this.#here.kind === 'sign' ? Number(this.#here.text === '(') - Number(this.#here.text === ')') : 0;
        parameters.push({ literal: this.#text.slice(from, this.#here.at).trim() });
      }
      this.#have(',');
    }
    return parameters;
  }

  #parameter(): FmlParameter {
    const { kind, text } = this.#take();
    if (kind === 'number') return { literal: Number(text) };
    if (kind === 'word') {
      if (text === 'true' || text === 'false') return { literal: text === 'true' };
      const path = this.#path();
      return { variable: path ? `${text}.${path}` : text };
    }
    return { literal: kind === 'sign' ? text : text };
  }
}
