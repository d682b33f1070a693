/** Pure operations on resources that are being built. Numbers may be `JSON.rawJSON` objects and are leaves. */
import { canonicalJson, isNumber } from '../core/json.ts';

type Tree = Record<string, unknown>;

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumber(value);
}

/** Without undefined, empty strings, empty objects and empty arrays; nulls within arrays stay (R4 JSON §2.6.2). */
export function prune<T>(value: T): T {
  return (pruned(value) ?? {}) as T;
}

function pruned(value: unknown): unknown {
  // A table that is asked for a word that every object knows, such as `constructor`, gives a function.
  if (value === '' || value === undefined || typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return prunedList(value);
  if (isNumber(value)) return value;
  return prunedTree(value as Tree);
}

function prunedList(list: readonly unknown[]): unknown[] | undefined {
  const kept: unknown[] = [];
  let any = false;
  for (const value of list) {
    const item = pruned(value);
    if (item === undefined) continue;
    kept.push(item);
    if (item !== null) any = true;
  }
  return any ? kept : undefined;
}

function prunedTree(value: Tree): Tree | undefined {
  const out: Tree = {};
  let any = false;
  for (const key of Object.keys(value)) {
    const item = pruned(value[key]);
    if (item === undefined || item === null) continue;
    out[key] = item;
    any = true;
  }
  return any ? out : undefined;
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
  const known = new Set(a.map(canonicalJson));
  const added = b.filter((item) => !known.has(canonicalJson(item)));
  return added.length === 0 ? a : [...a, ...added];
}
