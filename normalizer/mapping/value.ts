/** A compiled value: what it can be, and how it is had. */

import type { Run } from './run.ts';
import type { Element } from './shapes.ts';
import type { Address } from './sources/format.ts';
import type { World } from './world.ts';
import type { Node } from './yaml.ts';

export interface Value {
  /** R4 types; more than one where it is known at run time only: then `get` gives `Typed`. */
  readonly types: readonly string[];
  /** `get` gives a list. */
  readonly many: boolean;
  /** Nothing of it comes from the item. */
  readonly constant: boolean;
  readonly get: (run: Run) => unknown;
}

/** Where a value goes. */
export interface Target {
  /** R4 types that may stand there. */
  readonly allowed: readonly string[];
  /** Undefined in keys, owner and the like. */
  readonly element: Element | undefined;
  /** For people: `Observation.code`. */
  readonly path: string;
  /** Several values are taken. */
  readonly array: boolean;
  /** Resource in whose description it stands, and its lists, for references. */
  readonly at: Position;
}

export interface Position {
  readonly resource: string;
  readonly order: number;
  readonly lists: readonly number[];
  /** Within a fragment that makes a resource: references by name are those of its user. */
  readonly key: boolean;
}

export function constantValue(types: readonly string[], value: unknown): Value {
  return { types, many: false, constant: true, get: () => value };
}

/** In a trace, tells by which rule it reads. */
export function traced(value: Value, node: Node, world: World): Value {
  return world.traces ? { ...value, get: telling(value.get, node) } : value;
}

export function telling<T>(read: (run: Run) => T, { at }: Node): (run: Run) => T {
  const rule = `${at.file}:${at.line}`;
  return (run) => {
    run.reading(rule);
    return read(run);
  };
}

export function addressesOf(list: readonly { readonly addresses: readonly Address[] }[]): string[] {
  return list.flatMap((one) => one.addresses.map((address) => address.text));
}

/** Of a required binding. */
export function codesOf(target: Target, type: string) {
  return target.element?.properties.get(type)?.property.codes;
}

/** Remembers what goes where, for the page of `dhc map docs`. */
export function note(
  node: Node,
  target: Target,
  world: World,
  addresses: readonly string[],
  converter: string,
  text?: string,
): void {
  world.outline.push({
    resource: target.at.resource,
    element: target.path,
    addresses: [...new Set(addresses)],
    converter,
    ...(text === undefined ? {} : { literal: text }),
    file: node.at.file,
    line: node.at.line,
  });
}
