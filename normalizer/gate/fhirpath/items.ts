/** Values that FHIRPath works on: JSON of a resource. An element that has only extensions stands for itself as an object. */
import { canonicalJson, isNumber, numberText } from '../../../core/json.ts';
import { isTree } from '../../tree.ts';
import { choiceKeys } from '../table.ts';

export type Items = readonly unknown[];

export const NONE: Items = [];
export const TRUE: Items = [true];
export const FALSE: Items = [false];

export function bool(value: boolean): Items {
  return value ? TRUE : FALSE;
}

/** Truth of a condition; undefined for none. A single value that is no boolean counts as true (FHIRPath §4.5). */
export function truth(items: Items): boolean | undefined {
  if (items.length === 0) return undefined;
  return items[0] !== false;
}

/** The child elements of a name; `value` finds `valueString`. */
export function members(focus: Items, name: string): Items {
  if (focus.length === 1) return membersOf(focus[0], name);
  if (focus.length === 0) return NONE;
  return focus.flatMap((item) => membersOf(item, name));
}

function membersOf(item: unknown, name: string): Items {
  if (!isTree(item)) return NONE;
  const value = item[name] ?? item[`_${name}`];
  if (value !== undefined && value !== null) return Array.isArray(value) ? value.filter(isThere) : [value];
  const keys = choiceKeys(name);
  if (keys)
    for (const key in item) {
      const plain = key.charCodeAt(0) === 95 ? key.slice(1) : key;
      if (keys.has(plain)) return [item[plain] ?? item[key]];
    }
  return NONE;
}

/** True where `name` has a child: `members(…).length > 0` without the list. */
export function has(focus: Items, name: string): boolean {
  if (focus.length !== 1) return members(focus, name).length > 0;
  const item = focus[0];
  if (!isTree(item)) return false;
  const value = item[name];
  if (value !== undefined && value !== null && !Array.isArray(value)) return true;
  return membersOf(item, name).length > 0;
}

export function children(focus: Items): unknown[] {
  return focus.flatMap((item) =>
    isTree(item) ? Object.keys(item).flatMap((key) => (key === 'resourceType' ? [] : members([item], key))) : [],
  );
}

export function descendants(focus: Items): unknown[] {
  const found = children(focus);
  return found.length > 0 ? [...found, ...descendants(found)] : found;
}

/** Numbers as numbers, everything else as it is. */
export function plain(item: unknown): unknown {
  return isNumber(item) ? Number(numberText(item)) : item;
}

export function same(a: unknown, b: unknown): boolean {
  const [left, right] = [plain(a), plain(b)];
  return left === right || (isTree(left) && isTree(right) && canonicalJson(left) === canonicalJson(right));
}

export function isDistinct(items: Items): boolean {
  return new Set(items.map((item) => (isTree(item) ? canonicalJson(item) : plain(item)))).size === items.length;
}

/** By the JSON value: a resource by its type, else by the kind of its primitive. */
export function isOfType(item: unknown, type: string): boolean {
  const value = plain(item);
  if (isTree(value)) return value.resourceType === type;
  const name = type.toLowerCase();
  if (typeof value === 'boolean') return name === 'boolean';
  if (typeof value === 'number') return name === 'decimal' || name === 'integer';
  return !['boolean', 'decimal', 'integer'].includes(name);
}

function isThere(item: unknown): boolean {
  return item !== null && item !== undefined;
}
