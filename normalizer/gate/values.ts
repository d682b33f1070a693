/** Makers of checks for what is the same at every place: one value or a list, primitives and their extensions. */
import type { Rule } from './invariants.ts';
import { primitiveCheck } from './primitives.ts';
import type { Check, Tree, Walk } from './walk.ts';

/** Not for numbers that keep their text: where an object is due, their one property is none that R4 knows. */
export function isObject(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function single(check: Check): Check {
  return (walk, value, holder) => {
    if (isObject(value)) check(walk, value, holder);
    else walk.fault('fhir.structure', notOne(value));
  };
}

export function list(check: Check): Check {
  return (walk, value, holder) => {
    if (!isFilled(walk, value)) return;
    for (let index = 0; index < value.length; index++) {
      const item = value[index];
      walk.enter(index);
      if (isObject(item)) check(walk, item, holder);
      else walk.fault('fhir.structure', notOne(item));
      walk.leave();
    }
  };
}

function notOne(value: unknown): string {
  if (value === null) return 'is null';
  return Array.isArray(value) ? 'is an array, not one value' : 'is no object';
}

function isFilled(walk: Walk, value: unknown): value is readonly unknown[] {
  if (!Array.isArray(value)) walk.fault('fhir.structure', 'is one value, not an array');
  else if (value.length === 0) walk.fault('fhir.structure', 'is an empty array');
  else return true;
  return false;
}

/** @param codes of a required binding */
export function primitive(type: string, codes: ReadonlySet<string> | undefined, rules: readonly Rule[]): Check {
  const faultOf = primitiveCheck(type);
  return (walk, value) => {
    if (codes?.has(value as string)) return;
    const structure = value === null ? 'is null' : Array.isArray(value) ? 'is an array, not one value' : undefined;
    const fault = structure ?? faultOf(value, walk.clean);
    if (fault) walk.fault(structure ? 'fhir.structure' : 'fhir.value', fault);
    else if (codes) walk.fault('fhir.binding', 'is not in the required value set');
    else for (const rule of rules) if (!rule.holds(value, walk.resource)) walk.fault('fhir.invariant', rule.breach);
  };
}

/** Nulls stand where only the list of extensions has something. */
export function primitiveList(name: string, check: Check): Check {
  const beside = `_${name}`;
  return (walk, value, holder) => {
    if (!isFilled(walk, value)) return;
    const besides = holder[beside];
    if (Array.isArray(besides) && besides.length !== value.length)
      walk.fault('fhir.structure', 'and its extensions differ in length');
    for (let index = 0; index < value.length; index++) {
      const item = value[index];
      if (item === null && Array.isArray(besides) && isObject(besides[index])) continue;
      walk.enter(index);
      check(walk, item, holder);
      walk.leave();
    }
  };
}

/**
 * Id and extensions of a primitive: its property with an underscore.
 * @param element checks an Element
 */
export function primitiveExtension(element: Check): Check {
  return (walk, value, holder) => {
    if (isObject(value)) element(walk, value, holder);
    else walk.fault('fhir.structure', 'holds no extension');
  };
}

/** @param name of the property that holds the values */
export function primitiveExtensions(name: string, element: Check): Check {
  const check = primitiveExtension(element);
  return (walk, value, holder) => {
    if (!isFilled(walk, value)) return;
    const base = holder[name];
    for (let index = 0; index < value.length; index++) {
      const item = value[index];
      walk.enter(index);
      if (item !== null) check(walk, item, holder);
      else if (!Array.isArray(base) || base[index] === null || base[index] === undefined)
        walk.fault('fhir.structure', 'is null on both sides');
      walk.leave();
    }
  };
}
