/** R4 types compiled, each at its first use: JSON property → what is done with the value that stands there. */
import { type Rule, ruleOf } from './invariants.ts';
import { type Property, properties } from './shapes.ts';
import { typeRow } from './table.ts';

/** A JSON property of a type. */
export interface Member<T> {
  readonly check: T;
  /** Name of the choice element (`value[x]`), with the property that was chosen, without underscore. */
  readonly choice: string | undefined;
  readonly option: string;
}

export interface Compiled<T> {
  readonly resource: boolean;
  readonly members: ReadonlyMap<string, Member<T>>;
  /** Elements that must be there: name, and the properties by which they may be. */
  readonly required: readonly { readonly name: string; readonly keys: readonly string[] }[];
  readonly rules: readonly Rule[];
}

export type CompiledOf<T> = (type: string) => Compiled<T>;

/** Makers of closures: those that tell what is wrong (`elements.ts`, `values.ts`), and those that write (`writer/`). */
export interface Kit<T> {
  single(check: T): T;
  list(check: T): T;
  /** @param codes of a required binding */
  primitive(type: string, codes: ReadonlySet<string> | undefined, rules: readonly Rule[]): T;
  /** @param name of the property; nulls stand where only the list of extensions has something */
  primitiveList(name: string, check: T): T;
  /** @param element checks an Element */
  primitiveExtension(element: T): T;
  /** @param name of the property that holds the values */
  primitiveExtensions(name: string, element: T): T;
  /** @param rules of the place, beside those of the type */
  data(compiledOf: CompiledOf<T>, type: string, rules?: readonly Rule[]): T;
  /** @param contained its local references are looked up in the resource around it */
  resource(compiledOf: CompiledOf<T>, contained: boolean): T;
  reference(compiledOf: CompiledOf<T>, targets: ReadonlySet<string> | undefined): T;
  /** Profile SimpleQuantity. */
  simpleQuantity(compiledOf: CompiledOf<T>): T;
  /** Required binding: the coding is of the value set. */
  coding(compiledOf: CompiledOf<T>, codings: ReadonlySet<string>): T;
  /** Required binding: one coding is of the value set, unless all is said by an extension. */
  concept(compiledOf: CompiledOf<T>, codings: ReadonlySet<string>): T;
}

/** Compiles types of the table with the closures of a kit. */
export function compiler<T>(kit: Kit<T>): CompiledOf<T> {
  const types = new Map<string, Compiled<T>>();
  const compiledOf: CompiledOf<T> = (type) => {
    let compiled = types.get(type);
    if (!compiled) {
      compiled = compile(kit, compiledOf, type);
      types.set(type, compiled);
    }
    return compiled;
  };
  return compiledOf;
}

function compile<T>(kit: Kit<T>, compiledOf: CompiledOf<T>, type: string): Compiled<T> {
  const row = typeRow(type)!;
  const members = new Map<string, Member<T>>();
  const required: { name: string; keys: string[] }[] = [];
  for (const element of row.elements) {
    const rules = (element.rules ?? []).map(ruleOf);
    const made = properties(element).flatMap(([key, property]) => membersOf(kit, compiledOf, key, property, rules));
    for (const [key, member] of made) members.set(key, member);
    if (element.required) required.push({ name: element.name, keys: made.map(([key]) => key) });
  }
  return { resource: row.resource === true, members, required, rules: (row.rules ?? []).map(ruleOf) };
}

/** A property, and for a primitive the one with an underscore that holds its id and extensions. */
function membersOf<T>(
  kit: Kit<T>,
  compiledOf: CompiledOf<T>,
  key: string,
  property: Property,
  rules: readonly Rule[],
): [string, Member<T>][] {
  const { choice, array } = property;
  const value = { check: checkOf(kit, compiledOf, key, property, rules), choice, option: key };
  if (!property.primitive) return [[key, value]];
  const extended = kit.data(compiledOf, 'Element');
  const check = array ? kit.primitiveExtensions(key, extended) : kit.primitiveExtension(extended);
  return [
    [key, value],
    [`_${key}`, { check, choice, option: key }],
  ];
}

function checkOf<T>(
  kit: Kit<T>,
  compiledOf: CompiledOf<T>,
  key: string,
  property: Property,
  rules: readonly Rule[],
): T {
  if (property.primitive) {
    const check = kit.primitive(property.type, property.codes?.codes, rules);
    return property.array ? kit.primitiveList(key, check) : check;
  }
  const check = object(kit, compiledOf, key, property, rules);
  return property.array ? kit.list(check) : kit.single(check);
}

function object<T>(
  kit: Kit<T>,
  compiledOf: CompiledOf<T>,
  key: string,
  { type, codes, targets, simple }: Property,
  rules: readonly Rule[],
): T {
  if (type === 'Resource') return kit.resource(compiledOf, key === 'contained');
  if (type === 'Reference') return kit.reference(compiledOf, targets);
  if (simple) return kit.simpleQuantity(compiledOf);
  if (codes && type === 'Coding') return kit.coding(compiledOf, codes.codings);
  if (codes && type === 'CodeableConcept') return kit.concept(compiledOf, codes.codings);
  return kit.data(compiledOf, type, rules);
}
