/** Options of a converter, checked and compiled. */
import type { CodeMap } from './codes/code-map.ts';
import type { Args, Converter, OptionKind } from './convert/spec.ts';
import { compileFormat, isZone } from './convert/time.ts';
import { compileFrom, type From } from './from.ts';
import { didYouMean, type Place } from './problems.ts';
import type { Run } from './run.ts';
import type { AddressFault } from './sources/format.ts';
import type { World } from './world.ts';
import type { Entry, Node } from './yaml.ts';

export interface CompiledArgs {
  readonly args: Args;
  readonly addresses: readonly From[];
}

export function compileArgs(
  name: string,
  converter: Converter,
  entries: readonly Entry[],
  target: { readonly allowed: readonly string[]; readonly required: Args['required'] },
  world: World,
): CompiledArgs {
  const compiled = new Options(world);
  for (const entry of entries) {
    const kind = Object.hasOwn(converter.options, entry.key) ? converter.options[entry.key] : undefined;
    if (kind !== undefined) compiled.take(name, entry, kind);
    else {
      const known = [
        ...(converter.from === 'required' || name !== 'period' ? ['from'] : []),
        ...Object.keys(converter.options),
        'if',
      ];
      world.problems.add(entry.at, `!${name} has no option ${entry.key}`, didYouMean(entry.key, known, 'options'));
    }
  }
  return {
    args: { ...compiled.args(), allowed: target.allowed, required: target.required },
    addresses: compiled.froms,
  };
}

class Options {
  readonly froms: From[] = [];
  readonly #fields = new Map<string, From>();
  readonly #codes = new Map<string, CodeMap>();
  readonly #literals = new Map<string, string>();
  readonly #words = new Map<string, readonly string[]>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  take(converter: string, { key, value }: Entry, kind: OptionKind): void {
    const fault = this.#take(converter, key, value, kind);
    if (fault) this.#world.problems.add(value.at, `${key} of !${converter} ${fault.message}`, fault.hint);
  }

  #take(converter: string, key: string, value: Node, kind: OptionKind): AddressFault | undefined {
    if (kind === 'text' || kind === 'texts' || kind === 'field') return this.#field(converter, key, value, kind);
    if (kind === 'words') return this.#list(key, value);
    const word = wordOf(value);
    if (word === undefined) return { message: 'is one word', hint: 'write it as plain text' };
    if (kind === 'codes') return this.#codeMap(key, word, value.at);
    if (kind === 'flag' && word !== 'true' && word !== 'false')
      return { message: 'is true or false', hint: 'write true or false' };
    if (kind === 'number' && !/^[1-9]\d{0,6}$/.test(word))
      return { message: 'is a whole number', hint: 'write for example 200' };
    if (typeof kind === 'object' && !kind.includes(word))
      return { message: `is none of ${kind.join(', ')}`, hint: didYouMean(word, kind, 'words') };
    this.#literals.set(key, word);
    return undefined;
  }

  #field(converter: string, key: string, value: Node, kind: OptionKind): AddressFault | undefined {
    if (kind === 'texts' && value.kind === 'list' && value.tag === undefined) return this.#several(key, value.items);
    const from = compileFrom(value, this.#world);
    if (!from) return undefined;
    if (from.many && kind !== 'texts')
      return { message: 'takes one value', hint: 'leave [*] out, or name one of them' };
    if (kind === 'field' && from.constant) return { message: 'is an address', hint: 'write $ADDRESS' };
    this.#fields.set(key, from);
    this.froms.push(from);
    if (from.literal === undefined) return undefined;
    this.#literals.set(key, from.literal);
    this.#check(converter, key, from.literal, value.at);
    return undefined;
  }

  /** A list of texts stays a list. */
  #several(key: string, items: readonly Node[]): undefined {
    const parts = items.flatMap((item) => compileFrom(item, this.#world) ?? []);
    this.froms.push(...parts);
    this.#fields.set(key, {
      many: true,
      constant: parts.every((part) => part.constant),
      addresses: parts.flatMap((part) => part.addresses),
      literal: undefined,
      one: (run) => parts[0]?.one(run),
      all: (run) => parts.flatMap((part) => part.all(run)),
    });
  }

  #list(key: string, value: Node): AddressFault | undefined {
    const words = (value.kind === 'list' ? value.items : [value]).map(wordOf);
    if (words.includes(undefined)) return { message: 'is a list of words', hint: 'write [a, b]' };
    this.#words.set(key, words as string[]);
    return undefined;
  }

  #codeMap(key: string, name: string, at: Place): undefined {
    const map = this.#world.codeMap(name);
    if (map) this.#codes.set(key, map);
    else
      this.#world.problems.add(
        at,
        `there is no code map ${name}`,
        didYouMean(name, this.#world.codeMapNames, 'code maps'),
      );
  }

  #check(converter: string, key: string, literal: string, at: Place): void {
    if (key === 'zone' && !isZone(literal))
      this.#world.problems.add(at, `${literal} is no time zone`, 'write an IANA zone such as Asia/Shanghai, or +08:00');
    if (key === 'format' && !compileFormat(literal))
      this.#world.problems.add(
        at,
        `the format of !${converter} cannot be read`,
        'use yyyy MM dd HH mm ss, each once, and signs between them',
      );
  }

  args(): Omit<Args, 'allowed' | 'required'> {
    const text = (name: string) => {
      const literal = this.#literals.get(name);
      if (literal !== undefined) return () => literal;
      const from = this.#fields.get(name);
      return from && ((run: Run) => from.one(run)?.text());
    };
    return {
      text,
      literal: (name) => this.#literals.get(name),
      texts: (name) => {
        const from = this.#fields.get(name);
        return from && ((run) => from.all(run).flatMap((field) => field.text() ?? []));
      },
      field: (name) => {
        const from = this.#fields.get(name);
        return from && ((run) => from.one(run));
      },
      codes: (name) => this.#codes.get(name),
      flag: (name) => this.#literals.get(name) === 'true',
      number: (name) => (this.#literals.has(name) ? Number(this.#literals.get(name)) : undefined),
      words: (name) => this.#words.get(name),
    };
  }
}

function wordOf(node: Node): string | undefined {
  return node.kind === 'scalar' && node.tag === undefined ? node.text : undefined;
}
