/** R4 types compiled, each at its first use: JSON property → the closure that checks what stands there. */
import { coding, concept, data, reference, resource, simpleQuantity } from './elements.ts';
import { type Rule, ruleOf } from './invariants.ts';
import { choiceKey, codesOf, type ElementRow, typeRow } from './table.ts';
import { list, primitive, primitiveExtension, primitiveExtensions, primitiveList, single } from './values.ts';
import type { Check } from './walk.ts';

/** A JSON property of a type. */
export interface Member {
  readonly check: Check;
  /** Name of the choice element (`value[x]`), with the property that was chosen, without underscore. */
  readonly choice?: string;
  readonly option?: string;
}

export interface Shape {
  readonly resource: boolean;
  readonly members: ReadonlyMap<string, Member>;
  /** Elements that must be there: name, and the properties by which they may be. */
  readonly required: readonly { readonly name: string; readonly keys: readonly string[] }[];
  readonly rules: readonly Rule[];
}

export type ShapeOf = (type: string) => Shape;

const shapes = new Map<string, Shape>();

/** @param type of the table */
export function shapeOf(type: string): Shape {
  let shape = shapes.get(type);
  if (!shape) {
    shape = compile(type);
    shapes.set(type, shape);
  }
  return shape;
}

function compile(type: string): Shape {
  const row = typeRow(type)!;
  const members = new Map<string, Member>();
  const required: { name: string; keys: string[] }[] = [];
  for (const element of row.elements) {
    const keys = addMembers(members, element);
    if (element.required) required.push({ name: element.name, keys });
  }
  return { resource: row.resource === true, members, required, rules: (row.rules ?? []).map(ruleOf) };
}

const extended = data(shapeOf, 'Element');

/** @returns the properties that were added */
function addMembers(members: Map<string, Member>, element: ElementRow): string[] {
  const choice = element.name.endsWith('[x]');
  const keys: string[] = [];
  const add = (key: string, option: string, check: Check) => {
    members.set(key, choice ? { check, choice: element.name, option } : { check });
    keys.push(key);
  };
  for (const type of element.types) {
    const key = choice ? choiceKey(element.name, type) : element.name;
    add(key, key, checkOf(element, type));
    if (isPrimitive(type))
      add(`_${key}`, key, element.array ? primitiveExtensions(key, extended) : primitiveExtension(extended));
  }
  return keys;
}

function checkOf(element: ElementRow, type: string): Check {
  const rules = (element.rules ?? []).map(ruleOf);
  if (isPrimitive(type)) {
    const codes = element.codes !== undefined && type === 'code' ? codeSet(element.codes) : undefined;
    const check = primitive(type, codes, rules);
    return element.array ? primitiveList(element.name, check) : check;
  }
  const check = complex(element, type, rules);
  return element.array ? list(check) : single(check);
}

function complex(element: ElementRow, type: string, rules: readonly Rule[]): Check {
  if (type === 'Resource') return resource(shapeOf, element.name === 'contained');
  if (type === 'Reference') return reference(shapeOf, element.targets && new Set(element.targets));
  if (type === 'Quantity' && element.simple) return simpleQuantity(shapeOf);
  if (element.codes !== undefined && type === 'Coding') return coding(shapeOf, codingSet(element.codes));
  if (element.codes !== undefined && type === 'CodeableConcept') return concept(shapeOf, codingSet(element.codes));
  return data(shapeOf, type, rules);
}

function isPrimitive(type: string): boolean {
  return /^[a-z]/.test(type);
}

function codeSet(index: number): ReadonlySet<string> {
  return new Set(Object.values(codesOf(index)).flat());
}

/** Code system → codes. */
function codingSet(index: number): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(Object.entries(codesOf(index)).map(([system, codes]) => [system, new Set(codes)]));
}
