/** One small damage to a resource, as senders and maps make them. Deterministic by its source of randomness. */
import { isTree } from '../../tree.ts';
import { pick } from './generate.ts';

type Tree = Record<string, unknown>;
interface Place {
  readonly holder: Tree | unknown[];
  readonly key: string | number;
}

/** @returns a damaged copy */
export function mutate(resource: unknown, next: () => number): unknown {
  const copy: unknown = structuredClone(resource);
  const { holder, key } = pick(next, places(copy));
  pick(next, DAMAGES)(holder as Tree, key as string, next);
  return copy;
}

/** Every member and item. */
function places(value: unknown): Place[] {
  if (Array.isArray(value)) return value.flatMap((item, key) => [{ holder: value, key }, ...places(item)]);
  if (!isTree(value)) return [];
  return Object.keys(value).flatMap((key) => [{ holder: value, key }, ...places(value[key])]);
}

const DAMAGES: readonly ((holder: Tree, key: string, next: () => number) => void)[] = [
  (holder, key) => remove(holder, key),
  (holder, key) => {
    holder[key] = null;
  },
  (holder, key) => {
    holder[key] = [holder[key]];
  },
  (holder, key) => {
    holder[key] = Array.isArray(holder[key]) ? holder[key][0] : {};
  },
  (holder, key, next) => {
    holder[key] = pick(next, [
      '',
      ' ',
      'a  b',
      '2023-02-30',
      '01/02/2023',
      'javascript:x',
      'M',
      '\u0001',
      '#none',
      '*',
    ]);
  },
  (holder, key, next) => {
    holder[key] = pick(next, [0, -1, 1.5, 1e300, true, {}, [], [null], { value: 'x' }, { foo: 1 }]);
  },
  (holder, key) => rename(holder, key, `${key}X`),
  (holder, key) => rename(holder, key, `_${key}`),
  (holder, key, next) =>
    rename(holder, key, pick(next, ['code', 'value', 'valueString', 'status', 'name', 'extension'])),
  (holder, key) => {
    if (Array.isArray(holder[key])) holder[key] = [...holder[key], ...holder[key]];
  },
];

function remove(holder: Tree, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

function rename(holder: Tree, key: string, name: string): void {
  if (Array.isArray(holder)) return;
  holder[name] = holder[key];
  delete holder[key];
}
