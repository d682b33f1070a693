/** The transforms of FML (R4 §7.8.0.7.2) that the mapping language has a word for. */
import type { FmlParameter, FmlTarget } from './model.ts';
import { type Leaf, literal, text } from './tree.ts';

export interface Names {
  /** Address of a source variable, with `$`; undefined for one that is none. */
  address(variable: string): string | undefined;
  /** Name of the resource of a target variable. */
  resource(variable: string): string | undefined;
}

/** @returns the value, or what cannot be said */
export function leafOf({ transform, parameters }: FmlTarget, names: Names): Leaf | { readonly left: string } {
  const [first, second, third] = parameters;
  const left = (why: string) => ({ left: `${transform}: ${why}` });
  const value = (parameter: FmlParameter | undefined): string | undefined => {
    if (!parameter) return undefined;
    if ('literal' in parameter) return literal(parameter.literal);
    const address = names.address(parameter.variable);
    return address === undefined ? undefined : flow(address);
  };
  const plain = (parameter: FmlParameter | undefined) =>
    parameter && 'literal' in parameter ? String(parameter.literal) : undefined;
  const from = value(first);
  switch (transform) {
    case 'copy':
      if (first && 'variable' in first && from === undefined) return left('a variable that is no source');
      return from === undefined ? left('nothing to copy') : unflow(from);
    case 'cast':
      return from === undefined ? left('a variable that is no source') : unflow(from);
    case 'truncate':
      return from && second ? `!text { from: ${from}, max: ${plain(second)} }` : left('needs a value and a length');
    case 'append': {
      const pieces = parameters.map((p) => ('literal' in p ? String(p.literal) : inText(names.address(p.variable))));
      return pieces.includes(undefined) ? left('a variable that is no source') : text(pieces.join(''));
    }
    case 'translate': {
      const map = plain(second)?.replace(/^.*[#/|]/, '');
      return from && map ? `!code { from: ${from}, map: ${mapName(map)} }` : left('needs a value and a concept map');
    }
    case 'reference': {
      const resource = first && 'variable' in first ? names.resource(first.variable) : undefined;
      return resource ? `!ref ${resource}` : left('only a resource of the map can be referred to');
    }
    case 'c':
    case 'cc':
      if (!second) return from === undefined ? left('a variable that is no source') : `{ text: ${from} }`;
      if ('variable' in second)
        return `!code { from: ${value(second)}, system: ${from}${third ? `, display: ${value(third)}` : ''} }`;
      return `!code { system: ${from}, value: ${value(second)}${third ? `, display: ${value(third)}` : ''} }`;
    case 'qty':
      if (!from) return left('a variable that is no source');
      return second ? `!quantity { from: ${from}, unit: ${value(second)} }` : `!quantity ${unflow(from)}`;
    case 'id':
      return from && value(second)
        ? `{ system: ${from}, value: ${value(second)} }`
        : left('needs a system and a value');
    case 'cp':
      if (!from) return left('a variable that is no source');
      return second ? `!telecom { from: ${value(second)}, system: ${from} }` : `!telecom ${unflow(from)}`;
    case 'uuid':
      return left('ids are made from keys, never at random');
    default:
      return left('the mapping language has no word for it');
  }
}

/** Names of code maps have no signs but hyphens. */
export function mapName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_-]/g, '-');
}

/** In flow style an address with `[*]` is quoted. */
function flow(address: string): string {
  return /[[\]{},]/.test(address) ? `'${address}'` : address;
}

function unflow(value: string): string {
  return value;
}

function inText(address: string | undefined): string | undefined {
  return address === undefined ? undefined : `\${${address}}`;
}
