/**
 * Walks a resource along its compiled shapes and finds what Medplum does not: empty parts, two values of one choice,
 * codes outside required value sets, malformed primitives, data type invariants, active narrative.
 */
import type { Issue } from '../../core/types.ts';
import { isTree } from '../tree.ts';
import type { Codes } from './bindings.ts';
import { INVARIANTS } from './invariants.ts';
import { narrativeFault } from './narrative.ts';
import { primitiveFault } from './primitives.ts';
import { brokenInvariants } from './resources.ts';
import { isResourceType, type Property, type Shape, shapeOf } from './shapes.ts';

type Tree = Record<string, unknown>;

/** A Reference that the walk met, for the check of targets. */
export interface FoundReference {
  readonly path: string;
  readonly reference: Tree;
  readonly targets: ReadonlySet<string> | undefined;
  /** The resource in whose `contained` a `#id` is looked up. */
  readonly container: Tree;
}

export class Walk {
  readonly issues: Issue[] = [];
  readonly references: FoundReference[] = [];

  resource(value: unknown, path: string, container?: Tree): void {
    if (!isTree(value) || typeof value.resourceType !== 'string' || !isResourceType(value.resourceType)) {
      this.#fault('fhir.structure', path, 'is no R4 resource');
      return;
    }
    this.#members(value, value.resourceType, path, container ?? value);
    for (const key of brokenInvariants(value)) this.#invariant(key, path);
    const narrative = isTree(value.text) ? value.text.div : undefined;
    const fault = typeof narrative === 'string' ? narrativeFault(narrative) : undefined;
    if (fault) this.#fault('fhir.value', `${path}.text.div`, fault);
  }

  #members(value: Tree, type: string, path: string, container: Tree): void {
    const shape = shapeOf(type);
    if (!shape) {
      this.#fault('fhir.structure', path, 'is of a type that R4 does not know');
      return;
    }
    const choices = new Map<string, string>();
    for (const key of Object.keys(value)) {
      if (key === 'resourceType' && shape === shapeOf(String(value.resourceType))) continue;
      this.#member(value, key, shape, choices, path, container);
    }
    this.#invariants(value, type, path);
  }

  #member(value: Tree, key: string, shape: Shape, choices: Map<string, string>, path: string, container: Tree): void {
    const name = key.startsWith('_') ? key.slice(1) : key;
    const property = shape.get(name);
    const place = `${path}.${property ? key : '?'}`;
    if (!property || (key !== name && !property.primitive)) {
      this.#fault('fhir.structure', place, 'R4 has no such property here');
      return;
    }
    if (property.choice) {
      const other = choices.get(property.choice);
      if (other !== undefined && other !== name)
        this.#fault('fhir.structure', place, 'is a second value of one choice');
      choices.set(property.choice, name);
    }
    if (key !== name) this.#primitiveExtension(value[key], value[name], property, place, container);
    else this.#values(value[key], value[`_${key}`], property, place, container);
  }

  #values(value: unknown, beside: unknown, property: Property, path: string, container: Tree): void {
    if (!property.array) {
      if (Array.isArray(value)) {
        this.#fault('fhir.structure', path, 'is an array, not one value');
        return;
      }
      this.#value(value, property, path, container);
      return;
    }
    if (!Array.isArray(value)) {
      this.#fault('fhir.structure', path, 'is one value, not an array');
      return;
    }
    if (value.length === 0) {
      this.#fault('fhir.structure', path, 'is an empty array');
      return;
    }
    const besides = Array.isArray(beside) ? beside : [];
    if (Array.isArray(beside) && beside.length !== value.length)
      this.#fault('fhir.structure', path, 'and its extensions differ in length');
    for (const [index, item] of value.entries()) {
      if (item === null && property.primitive && isTree(besides[index])) continue;
      this.#value(item, property, `${path}[${index}]`, container);
    }
  }

  #value(value: unknown, property: Property, path: string, container: Tree): void {
    if (value === null) {
      this.#fault('fhir.structure', path, 'is null');
      return;
    }
    if (property.primitive) {
      this.#primitive(value, property, path);
      return;
    }
    if (!isTree(value)) {
      this.#fault('fhir.structure', path, 'is no object');
      return;
    }
    if (Object.keys(value).length === 0) {
      this.#fault('fhir.structure', path, 'is an empty object');
      return;
    }
    if (property.type === 'Resource') {
      this.resource(value, path, path.includes('.contained[') ? container : undefined);
      return;
    }
    if (property.type === 'Reference')
      this.references.push({ path, reference: value, targets: property.targets, container });
    if (property.codes) this.#coded(value, property.type, property.codes, path);
    if (property.simple && value.comparator !== undefined) this.#invariant('sqt-1', path);
    this.#members(value, property.type, path, container);
  }

  #primitive(value: unknown, property: Property, path: string): void {
    if (isTree(value) || Array.isArray(value)) {
      this.#fault('fhir.value', path, 'is no primitive value');
      return;
    }
    const fault = primitiveFault(property.type, value);
    if (fault) {
      this.#fault('fhir.value', path, fault);
      return;
    }
    if (property.codes && !property.codes.codes.has(value as string)) this.#binding(path);
  }

  #primitiveExtension(value: unknown, base: unknown, property: Property, path: string, container: Tree): void {
    const one = (item: unknown, at: string) => {
      if (item === null) return;
      if (!isTree(item) || Object.keys(item).length === 0) {
        this.#fault('fhir.structure', at, 'holds no extension');
        return;
      }
      this.#members(item, 'Element', at, container);
    };
    if (!property.array) {
      one(value, path);
      return;
    }
    if (!Array.isArray(value) || value.length === 0) {
      this.#fault('fhir.structure', path, 'is no array');
      return;
    }
    for (const [index, item] of value.entries()) {
      if (item === null && (!Array.isArray(base) || base[index] === null || base[index] === undefined))
        this.#fault('fhir.structure', `${path}[${index}]`, 'is null on both sides');
      one(item, `${path}[${index}]`);
    }
  }

  /** Required bindings of Coding and CodeableConcept: one coding must be of the value set, unless all is said by an extension. */
  #coded(value: Tree, type: string, { codings }: Codes, path: string): void {
    const given = type === 'Coding' ? [value] : Array.isArray(value.coding) ? value.coding : [];
    if (given.length === 0 && value.extension !== undefined) return;
    if (!given.some((coding) => isTree(coding) && codings.has(`${coding.system}|${coding.code}`))) this.#binding(path);
  }

  #invariants(value: Tree, type: string, path: string): void {
    const rules = INVARIANTS[type];
    if (rules) for (const [key, holds] of Object.entries(rules)) if (!holds(value)) this.#invariant(key, path);
  }

  #binding(path: string): void {
    this.#fault('fhir.binding', path, 'is not in the required value set');
  }

  #invariant(key: string, path: string): void {
    this.#fault('fhir.invariant', path, `breaks ${key}`);
  }

  #fault(code: Issue['code'], path: string, detail: string): void {
    this.issues.push({ severity: 'error', code, path, detail });
  }
}
