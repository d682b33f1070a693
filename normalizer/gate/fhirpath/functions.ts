/** Functions of FHIRPath that R4 invariants call. Arguments are compiled expressions. */
import { isTree } from '../../tree.ts';
import { typeNamed } from '../references.ts';
import type { Compiled, Environment } from './compile.ts';
import {
  bool,
  children,
  descendants,
  FALSE,
  type Items,
  isDistinct,
  isOfType,
  NONE,
  same,
  TRUE,
  truth,
} from './items.ts';

/**
 * @param items what the function is called on
 * @param focus `$this` outside of the call
 */
export type Call = (items: Items, args: readonly Compiled[], focus: Items, env: Environment) => Items;

type Arguments = readonly Compiled[];

/** Items for which the condition, the first argument, holds. */
function matching(items: Items, [condition]: Arguments, env: Environment): Items {
  if (!condition) return items;
  return items.filter((item) => truth(condition([item], env)) === true);
}

function text(items: Items): string | undefined {
  return typeof items[0] === 'string' ? items[0] : undefined;
}

/** A test of one string against the first argument; nothing comes of nothing. */
function stringTest(test: (value: string, argument: string) => boolean): Call {
  return (items, args, focus, env) => {
    const [value, argument] = [text(items), text(args[0]!(focus, env))];
    return value === undefined || argument === undefined ? NONE : bool(test(value, argument));
  };
}

const patterns = new Map<string, RegExp>();

/** `matches` finds anywhere (FHIRPath N1 §5.6.7). */
function pattern(source: string): RegExp {
  const found = patterns.get(source) ?? new RegExp(source, 's');
  patterns.set(source, found);
  return found;
}

/** Invariants ask a resolved resource only for its type, which a literal reference names. */
function standIn(item: unknown): Items {
  const type = isTree(item) && typeof item.reference === 'string' ? typeNamed(item.reference) : undefined;
  return type === undefined ? NONE : [{ resourceType: type }];
}

function toInteger(items: Items): Items {
  const value = String(items[0] ?? '');
  return /^[+-]?\d+$/.test(value) ? [Number(value)] : NONE;
}

export const FUNCTIONS: Readonly<Record<string, Call>> = {
  all: (items, [condition], _focus, env) => bool(items.every((item) => truth(condition!([item], env)) === true)),
  allFalse: (items) => bool(items.every((item) => item === false)),
  combine: (items, [more], focus, env) => [...items, ...more!(focus, env)],
  contains: stringTest((value, part) => value.includes(part)),
  count: (items) => [items.length],
  children,
  descendants,
  empty: (items) => bool(items.length === 0),
  exists: (items, args, _focus, env) => bool(matching(items, args, env).length > 0),
  first: (items) => items.slice(0, 1),
  hasValue: (items) => bool(items.length === 1 && !isTree(items[0])),
  iif: (items, [condition, yes, no], _focus, env) =>
    truth(condition!(items, env)) ? yes!(items, env) : no ? no(items, env) : NONE,
  intersect: (items, [other], focus, env) => {
    const others = other!(focus, env);
    return items.filter((item) => others.some((one) => same(item, one)));
  },
  isDistinct: (items) => bool(isDistinct(items)),
  matches: stringTest((value, source) => pattern(source).test(value)),
  not: (items) => (items.length === 0 ? NONE : truth(items) ? FALSE : TRUE),
  replaceMatches: (items, [source, substitute], focus, env) => {
    const value = text(items);
    return value === undefined
      ? NONE
      : [value.replaceAll(new RegExp(text(source!(focus, env))!, 'gs'), text(substitute!(focus, env))!)];
  },
  resolve: (items) => items.flatMap(standIn),
  select: (items, [projection], _focus, env) => items.flatMap((item) => projection!([item], env)),
  startsWith: stringTest((value, start) => value.startsWith(start)),
  tail: (items) => items.slice(1),
  toInteger,
  toString: (items: Items) => items.map(String),
  trace: (items: Items) => items,
  where: (items, args, _focus, env) => matching(items, args, env),
};

/** Functions whose argument is the name of a type. */
export const TYPE_FUNCTIONS: Readonly<Record<string, (items: Items, type: string) => Items>> = {
  as: (items, type) => items.filter((item) => isOfType(item, type)),
  is: (items, type) => (items.length === 0 ? NONE : bool(isOfType(items[0], type))),
  ofType: (items, type) => items.filter((item) => isOfType(item, type)),
};
