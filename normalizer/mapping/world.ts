/** What all parts of one compilation share. */
import type { CodeMap } from './codes/code-map.ts';
import { type CompiledCondition, type ConditionWorld, compileCondition } from './condition.ts';
import type { Reads } from './memory.ts';
import type { Place, Problems } from './problems.ts';
import type { Run } from './run.ts';
import { type Address, type AddressFault, isFault, type SourceFormat, type SourceSetup } from './sources/format.ts';
import { compileTemplate, type Template } from './template.ts';
import { telling } from './value.ts';
import type { Node } from './yaml.ts';

/** One leaf of the map: what goes where, for `dhc map docs`, `coverage` and `suggest`. */
export interface OutlineEntry {
  /** Name of the resource in the map; empty for owner, match and the like. */
  readonly resource: string;
  /** e.g. `Observation.code` */
  readonly element: string;
  /** As written, with `$`. */
  readonly addresses: readonly string[];
  /** Name of the converter; empty for literals. */
  readonly converter: string;
  readonly literal?: string;
  readonly file: string;
  readonly line: number;
}

/** A resource of the map, known before any is compiled, so that references may stand above it. */
export interface Named {
  readonly name: string;
  readonly type: string;
  readonly at: Place;
  /** The list in which it stands, and those around it, outermost first. */
  readonly lists: readonly number[];
  /** Loops by itself. */
  readonly looped: boolean;
  readonly order: number;
  identify?: Identify;
  /** All that are made under this name are asked for, by `!refs`. */
  isListed?: boolean;
}

export type Identify = (run: Run) => string | null;

const MAX_VALUES = 20_000;

export class World implements ConditionWorld {
  readonly problems: Problems;
  /** What is compiled tells what it reads; nothing else is different. */
  readonly traces: boolean;
  readonly format: SourceFormat;
  readonly setup: SourceSetup;
  readonly codeMaps: ReadonlyMap<string, CodeMap>;
  readonly fragments: ReadonlyMap<string, Node>;
  readonly named = new Map<string, Named>();
  readonly outline: OutlineEntry[] = [];
  /** Fragments that are being compiled, outermost first. */
  readonly open: string[] = [];
  /** What the rules read that are being compiled, outermost first. */
  readonly #readers: Reads[] = [];
  #aside = 0;
  /** Compiled resource fragments by name and the lists around them, with what they read. */
  readonly makers = new Map<string, { readonly identify: Identify; readonly reads: Reads }>();
  readonly #constants: ReadonlyMap<string, Node>;
  readonly #resolved = new Map<string, Template | 'busy'>();
  #values = 0;

  constructor(options: {
    readonly problems: Problems;
    readonly traces: boolean;
    readonly format: SourceFormat;
    readonly setup: SourceSetup;
    readonly codeMaps: ReadonlyMap<string, CodeMap>;
    readonly fragments: ReadonlyMap<string, Node>;
    readonly constants: ReadonlyMap<string, Node>;
  }) {
    this.problems = options.problems;
    this.traces = options.traces;
    this.format = options.format;
    this.setup = options.setup;
    this.codeMaps = options.codeMaps;
    this.fragments = options.fragments;
    this.#constants = options.constants;
  }

  get source(): string {
    return this.format.kind;
  }

  get constantNames(): string[] {
    return [...this.#constants.keys()];
  }

  get codeMapNames(): string[] {
    return [...this.codeMaps.keys()];
  }

  codeMap(name: string): CodeMap | undefined {
    return this.codeMaps.get(name);
  }

  address(text: string): Address | AddressFault {
    const address = this.format.address(text, this.setup);
    if (!isFault(address)) this.reads({ addresses: [address], named: false });
    return address;
  }

  /** An address that gives a value, with its problems told. */
  fieldAddress(text: string, at: Place): Address | undefined {
    const address = this.address(text);
    if (isFault(address)) this.problems.add(at, address.message, address.hint);
    else if (address.of === 'item')
      this.problems.add(at, `${address.text} is a group or segment, not a value`, 'name a field of it');
    else return address;
    return undefined;
  }

  /** Told of all that is read, by parts that were compiled before as well. */
  reads({ addresses, named }: Pick<Reads, 'addresses' | 'named'>): void {
    for (const reader of this.#readers) {
      reader.addresses.push(...addresses);
      reader.named ||= named;
    }
  }

  /** Told by a rule that refers to resources by their names. */
  refersByName(): void {
    this.reads({ addresses: [], named: true });
  }

  /** Told by a rule that refers to a resource which is made of the very item that the rule is at, and is nobody's own. */
  refersToItem(): void {
    if (this.#aside === 0) for (const reader of this.#readers) reader.makes = true;
  }

  /** Compiles a part that is at another item than the rule around it. */
  aside<T>(compile: () => T): T {
    this.#aside += 1;
    try {
      return compile();
    } finally {
      this.#aside -= 1;
    }
  }

  /** Compiles a part of the map, and tells what it reads. */
  reading<T>(compile: () => T): { readonly made: T; readonly reads: Reads } {
    const reads: Reads = { addresses: [], named: false, makes: false };
    this.#readers.push(reads);
    try {
      return { made: compile(), reads };
    } finally {
      this.#readers.pop();
    }
  }

  constant(name: string): Template | 'unknown' | 'cycle' {
    const node = this.#constants.get(name);
    if (!node) return 'unknown';
    const known = this.#resolved.get(name);
    if (known === 'busy') return 'cycle';
    if (known) {
      this.reads({ addresses: [...known.addresses], named: false });
      return known;
    }
    this.#resolved.set(name, 'busy');
    const made = this.template(node.kind === 'scalar' ? node.text : '', node.at);
    this.#resolved.set(name, made);
    return made;
  }

  template(text: string, at: Place): Template {
    return compileTemplate(text, at, this);
  }

  condition(node: Node): CompiledCondition {
    if (node.kind === 'scalar' && node.tag === undefined) {
      const { holds, addresses } = compileCondition(node.text, node.at, this);
      return { holds: this.traces ? telling(holds, node) : holds, addresses };
    }
    this.problems.add(node.at, 'a condition is a text', 'write if: $A = x; quote it where it holds : or #');
    return { holds: () => false, addresses: [] };
  }

  /** Fragments that double at each level must not fill the memory. @returns false beyond the bound */
  count(at: Place): boolean {
    this.#values += 1;
    if (this.#values === MAX_VALUES)
      this.problems.add(at, `the map grows beyond ${MAX_VALUES} values`, 'its fragments multiply; simplify them');
    return this.#values < MAX_VALUES;
  }
}
