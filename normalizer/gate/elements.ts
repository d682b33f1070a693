/** Makers of checks for objects: data types and backbone elements, resources, references, coded values. */

import type { CompiledOf as CompiledOfWith, Compiled as CompiledWith } from './compiled.ts';
import type { Rule } from './invariants.ts';
import { isResourceType } from './table.ts';
import { isObject } from './values.ts';
import type { Check, Tree, Walk } from './walk.ts';

type Compiled = CompiledWith<Check>;
type CompiledOf = CompiledOfWith<Check>;

/** Known properties, one value of each choice, required elements, invariants. */
export function members(walk: Walk, value: Tree, type: Compiled): void {
  let empty = true;
  for (const key in value) {
    const item = value[key];
    if (item === undefined) continue;
    empty = false;
    const member = type.members.get(key);
    if (member === undefined) {
      if (key !== 'resourceType' || !type.resource) walk.fault('fhir.structure', 'R4 has no such property here', '?');
      continue;
    }
    if (member.choice !== undefined && isSecond(value, key, member.choice, member.option, type))
      walk.fault('fhir.structure', 'is a second value of one choice', key);
    walk.enter(key);
    member.check(walk, item, value);
    walk.leave();
  }
  if (empty) {
    walk.fault('fhir.structure', 'is an empty object');
    return;
  }
  for (const { name, keys } of type.required)
    if (!isThere(value, keys)) walk.fault('fhir.structure', 'is missing', name);
  keep(walk, value, type.rules);
}

/** True where an earlier property gives the same choice another type. */
function isSecond(value: Tree, key: string, choice: string, option: string, type: Compiled): boolean {
  for (const other in value) {
    if (other === key) return false;
    const member = type.members.get(other);
    if (member?.choice === choice && member.option !== option && value[other] !== undefined) return true;
  }
  return false;
}

function isThere(value: Tree, keys: readonly string[]): boolean {
  for (const key of keys) if (value[key] !== undefined) return true;
  return false;
}

function keep(walk: Walk, value: Tree, rules: readonly Rule[]): void {
  for (const rule of rules) if (!rule.holds(value, walk.resource)) walk.fault('fhir.invariant', rule.breach);
}

/** @param rules of the place, beside those of the type */
export function data(compiledOf: CompiledOf, type: string, rules: readonly Rule[] = []): Check {
  let compiled: Compiled | undefined;
  return (walk, value) => {
    compiled ??= compiledOf(type);
    members(walk, value as Tree, compiled);
    keep(walk, value as Tree, rules);
  };
}

/** @param contained its local references are looked up in the resource around it */
export function resource(compiledOf: CompiledOf, contained: boolean): Check {
  return (walk, value) => {
    const tree = value as Tree;
    if (typeof tree.resourceType !== 'string' || !isResourceType(tree.resourceType)) {
      walk.fault('fhir.structure', 'is no R4 resource');
      return;
    }
    const { resource, container } = walk;
    walk.resource = tree;
    if (!contained) walk.container = tree;
    members(walk, tree, compiledOf(tree.resourceType));
    walk.resource = resource;
    walk.container = container;
  };
}

export function reference(compiledOf: CompiledOf, targets: ReadonlySet<string> | undefined): Check {
  const check = data(compiledOf, 'Reference');
  return (walk, value, holder) => {
    walk.reference(value as Tree, targets);
    check(walk, value, holder);
  };
}

/** Profile SimpleQuantity. */
export function simpleQuantity(compiledOf: CompiledOf): Check {
  const check = data(compiledOf, 'Quantity');
  return (walk, value, holder) => {
    if ((value as Tree).comparator !== undefined) walk.fault('fhir.invariant', 'breaks sqt-1');
    check(walk, value, holder);
  };
}

/** Required binding: the coding is of the value set. */
export function coding(compiledOf: CompiledOf, codings: ReadonlySet<string>): Check {
  const check = data(compiledOf, 'Coding');
  return (walk, value, holder) => {
    if (!isOf(codings, value as Tree) && (value as Tree).extension === undefined) unbound(walk);
    check(walk, value, holder);
  };
}

/** Required binding: one coding is of the value set, unless all is said by an extension. */
export function concept(compiledOf: CompiledOf, codings: ReadonlySet<string>): Check {
  const check = data(compiledOf, 'CodeableConcept');
  return (walk, value, holder) => {
    const { coding, extension } = value as Tree;
    const given = Array.isArray(coding) ? coding : [];
    const said = given.length === 0 && extension !== undefined;
    if (!said && !given.some((one) => isObject(one) && isOf(codings, one))) unbound(walk);
    check(walk, value, holder);
  };
}

export function isOf(codings: ReadonlySet<string>, { system, code }: Tree): boolean {
  return codings.has(`${system}|${code}`);
}

function unbound(walk: Walk): void {
  walk.fault('fhir.binding', 'is not in the required value set');
}
