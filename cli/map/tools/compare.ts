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
  if (Array.isArray(before) && Array.isArray(after)) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => differences(before[index], after[index], `${path}[${index}]`)).flat();
  }
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => differences(before[key], after[key], path ? `${path}.${key}` : key));
  }
  return canonicalJson(before) === canonicalJson(after) ? [] : [{ kind: 'changed', path, before, after }];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumber(value);
}

/** `Patient.name[0].family` → `Patient.name.family` */
export function withoutIndices(path: string): string {
  return path.replaceAll(/\[\d+\]/g, '');
}
