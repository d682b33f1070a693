/** Pure operations on resources that are being built. Numbers may be `JSON.rawJSON` objects and are leaves. */
import { isNumber, numberText } from '../core/json.ts';

export type Tree = Record<string, unknown>;

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumber(value);
}

/**
 * `target` with what it lacks from `more`: objects by property, identifiers by union; another list
 * that is present stays as it is, and the first value wins. An element of choice type counts as present
 * in any of its types when the caller gives it in one only. Neither is changed, since bundles share parts.
 */
export function filled<T extends Tree>(target: T, more: Tree): T {
  if (target === more) return target;
  let out: Tree = target;
  for (const key of Object.keys(more)) {
    const present = target[key];
    const made = present === undefined ? more[key] : filledPart(key, present, more[key]);
    if (made === present) continue;
    if (out === target) out = { ...target };
    out[key] = made;
  }
  return out as T;
}

function filledPart(key: string, present: unknown, value: unknown): unknown {
  if (key === 'identifier' && Array.isArray(present) && Array.isArray(value)) return union(present, value);
  return isTree(present) && isTree(value) ? filled(present, value) : present;
}

function union(a: readonly unknown[], b: readonly unknown[]): readonly unknown[] {
  const added = b.filter((item) => !a.some((known) => isSame(known, item)));
  return added.length === 0 ? a : [...a, ...added];
}

/** Whether two values have the same canonical JSON. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isNumber(a)) return isNumber(b) && numberText(a) === numberText(b);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || isNumber(b)) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isSame((a as Tree)[key], (b as Tree)[key]));
}
