/**
 * One walk over what a map made: what is empty is left out, and what has to be settled is noticed. Nothing is changed but on
 * a copy, since one object may stand in many places, of this message or of all (`parts.ts`).
 */
import { isNumber } from '../core/json.ts';
import { memoryOf } from './parts.ts';
import { isLooked, isSettled, settled, type Told } from './settle/index.ts';
import type { Tree } from './tree.ts';

/**
 * A resource, or parts of one, without undefined, empty strings, empty objects and empty arrays (nulls within arrays stay,
 * R4 JSON §2.6.2), and settled.
 */
export function tidy<T>(value: T, hospital: string, told: Told): T {
  const walk: Walk = { found: 0, unsettled: undefined };
  const whole = tidied(value, walk) ?? {};
  return (walk.unsettled ? settled(whole, hospital, told, walk.unsettled) : whole) as T;
}

interface Walk {
  /** Objects that have to be settled. */
  found: number;
  /** These, and all around them. */
  unsettled: Set<unknown> | undefined;
}

function tidied(value: unknown, walk: Walk): unknown {
  // A table that is asked for a word that every object knows, such as `constructor`, gives a function.
  if (value === '' || value === undefined || typeof value === 'function') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return tidiedList(value, walk);
  return isNumber(value) ? value : tidiedPart(value as Tree, walk);
}

function tidiedList(list: readonly unknown[], walk: Walk): readonly unknown[] | undefined {
  let kept: unknown[] | undefined;
  let any = false;
  for (let index = 0; index < list.length; index++) {
    const item = tidied(list[index], walk);
    if (item === undefined || item !== list[index]) kept ??= list.slice(0, index);
    if (item === undefined) continue;
    kept?.push(item);
    if (item !== null) any = true;
  }
  return any ? (kept ?? list) : undefined;
}

/** Shared parts are looked at once. */
function tidiedPart(tree: Tree, walk: Walk): Tree | undefined {
  const memory = memoryOf(tree);
  if (memory === undefined) return tidiedTree(tree, walk);
  if (memory.has(tidy)) return tree;
  const { found } = walk;
  const whole = tidiedTree(tree, walk);
  if (whole === tree && walk.found === found) memory.set(tidy, true);
  return whole;
}

function tidiedTree(tree: Tree, walk: Walk): Tree | undefined {
  const { found } = walk;
  let kept: Tree | undefined;
  let any = false;
  let looked = false;
  for (const key in tree) {
    const value = tree[key];
    const item = tidied(value, walk) ?? undefined;
    if (item === undefined || item !== value) kept ??= until(tree, key);
    if (item === undefined) continue;
    if (kept) kept[key] = item;
    any = true;
    if (isLooked(key)) looked = true;
  }
  if (!any) return undefined;
  const whole = kept ?? tree;
  if (looked && !isSettled(whole)) walk.found += 1;
  if (walk.found > found) {
    walk.unsettled ??= new Set();
    walk.unsettled.add(whole);
  }
  return whole;
}

/** A copy of the properties before this one. */
function until(tree: Tree, end: string): Tree {
  const copy: Tree = {};
  for (const key in tree) {
    if (key === end) break;
    copy[key] = tree[key];
  }
  return copy;
}
