/** R4 types compiled, each at its first use: JSON property → the closure that checks what stands there. */
import { coding, concept, data, reference, resource, simpleQuantity } from './elements.ts';
import { type Rule, ruleOf } from './invariants.ts';
import { type Property, properties } from './shapes.ts';
import { typeRow } from './table.ts';
import { list, primitive, primitiveExtension, primitiveExtensions, primitiveList, single } from './values.ts';
import type { Check } from './walk.ts';

/** A JSON property of a type. */
export interface Member {
  readonly check: Check;
  /** Name of the choice element (`value[x]`), with the property that was chosen, without underscore. */
  readonly choice: string | undefined;
  readonly option: string;
}

export interface Compiled {
  readonly resource: boolean;
  readonly members: ReadonlyMap<string, Member>;
  /** Elements that must be there: name, and the properties by which they may be. */
  readonly required: readonly { readonly name: string; readonly keys: readonly string[] }[];
  readonly rules: readonly Rule[];
}

export type CompiledOf = (type: string) => Compiled;

const types = new Map<string, Compiled>();

/** @param type of the table */
export function compiledOf(type: string): Compiled {
  let compiled = types.get(type);
  if (!compiled) {
    compiled = compile(type);
    types.set(type, compiled);
  }
  return compiled;
}

function compile(type: string): Compiled {
  const row = typeRow(type)!;
  const members = new Map<string, Member>();
  const required: { name: string; keys: string[] }[] = [];
  for (const element of row.elements) {
    const rules = (element.rules ?? []).map(ruleOf);
    const made = properties(element).flatMap(([key, property]) => membersOf(key, property, rules));
    for (const [key, member] of made) members.set(key, member);
    if (element.required) required.push({ name: element.name, keys: made.map(([key]) => key) });
  }
  return { resource: row.resource === true, members, required, rules: (row.rules ?? []).map(ruleOf) };
}

const extended = data(compiledOf, 'Element');

/** A property, and for a primitive the one with an underscore that holds its id and extensions. */
function membersOf(key: string, property: Property, rules: readonly Rule[]): [string, Member][] {
  const { choice, array } = property;
  const value = { check: checkOf(key, property, rules), choice, option: key };
  if (!property.primitive) return [[key, value]];
  const check = array ? primitiveExtensions(key, extended) : primitiveExtension(extended);
  return [
    [key, value],
    [`_${key}`, { check, choice, option: key }],
  ];
}

function checkOf(key: string, property: Property, rules: readonly Rule[]): Check {
  if (property.primitive) {
    const check = primitive(property.type, property.codes?.codes, rules);
    return property.array ? primitiveList(key, check) : check;
  }
  const check = object(key, property, rules);
  return property.array ? list(check) : single(check);
}

function object(key: string, { type, codes, targets, simple }: Property, rules: readonly Rule[]): Check {
  if (type === 'Resource') return resource(compiledOf, key === 'contained');
  if (type === 'Reference') return reference(compiledOf, targets);
  if (simple) return simpleQuantity(compiledOf);
  if (codes && type === 'Coding') return coding(compiledOf, codes.codings);
  if (codes && type === 'CodeableConcept') return concept(compiledOf, codes.codings);
  return data(compiledOf, type, rules);
}
