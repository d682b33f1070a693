/**
 * Parts of resources that stand in many places, of one bundle or of many: the codings of a map, a hospital's wards. What was
 * found out about such a part is remembered with it, for as long as it lives.
 */

/** By who remembers it. */
export type Memory = Map<unknown, unknown>;

const memories = new WeakMap<object, Memory>();

/** Marks an object that nobody changes from now on, nor anything within it. */
export function share<T extends object>(part: T): T {
  if (!memories.has(part)) memories.set(part, new Map());
  return part;
}

/** Undefined for what is not shared, which is most. */
export function memoryOf(part: object): Memory | undefined {
  return memories.get(part);
}
