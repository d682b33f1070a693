/** Where two JSON trees differ, element by element. */
import { canonicalJson, isNumber } from '../../../core/json.ts';

export interface Difference {
  readonly kind: 'added' | 'removed' | 'changed';
  /** `Patient.name[0].family`; `[0]` also where only one of the two is a list. */
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

export function differences(before: unknown, after: unknown, path: string): Difference[] {
  if (before === undefined && after === undefined) return [];
  if (before === undefined) return [{ kind: 'added', path, after }];
  if (after === undefined) return [{ kind: 'removed', path, before }];
  if (Array.isArray(before) && Array.isArray(after)) return listDifferences(before, after, path);
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => differences(own(before, key), own(after, key), path ? `${path}.${key}` : key));
  }
  return canonicalJson(before) === canonicalJson(after) ? [] : [{ kind: 'changed', path, before, after }];
}

/** Items that both lists hold are paired first, so that one more at the front is one difference. */
function listDifferences(before: readonly unknown[], after: readonly unknown[], path: string): Difference[] {
  const spare = new Map<string, number>();
  for (const item of after) bump(spare, canonicalJson(item), 1);
  const gone: unknown[] = [];
  for (const item of before) {
    const key = canonicalJson(item);
    if ((spare.get(key) ?? 0) > 0) bump(spare, key, -1);
    else gone.push(item);
  }
  const come = [...after.entries()].reverse().filter(([, item]) => {
    const key = canonicalJson(item);
    if ((spare.get(key) ?? 0) === 0) return false;
    bump(spare, key, -1);
    return true;
  });
  come.reverse();
  const found = Array.from({ length: Math.max(gone.length, come.length) }, (_, index) => {
    const [at, item] = come[index] ?? [before.indexOf(gone[index]), undefined];
    return differences(gone[index], item, `${path}[${at}]`);
  }).flat();
  const moved = found.length === 0 && before.some((item, index) => canonicalJson(item) !== canonicalJson(after[index]));
  return moved ? [{ kind: 'changed', path: `${path} (order)`, before, after }] : found;
}

function bump(counts: Map<string, number>, key: string, by: number): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** What stands in the tree itself: a key may be called `toString`. */
function own(tree: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(tree, key) ? tree[key] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumber(value);
}

/** `Patient.name[0].family` → `Patient.name.family` */
export function withoutIndices(path: string): string {
  return path.replaceAll(/\[\d+\]/g, '');
}
