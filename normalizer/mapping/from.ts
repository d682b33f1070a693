/** What a converter reads: an address, several of them, or a text. */

import type { Run } from './run.ts';
import { type Address, type Field, firstField, type Scope, TextField } from './sources/format.ts';
import { isTemplate } from './template.ts';
import type { World } from './world.ts';
import type { Node } from './yaml.ts';

export interface From {
  readonly many: boolean;
  /** Nothing of it comes from the item. */
  readonly constant: boolean;
  readonly addresses: readonly Address[];
  /** A plain text of the map, without anything to fill in. */
  readonly literal: string | undefined;
  /** `one`, where anything stands in it; asking reads nothing. Only of addresses that know. */
  readonly present?: (scope: Scope) => Field | undefined;
  one(run: Run): Field | undefined;
  all(run: Run): readonly Field[];
}

export function isAddress(text: string): boolean {
  return text.startsWith('$') && !text.startsWith('${');
}

/** @param join between the texts of a list */
export function compileFrom(node: Node, world: World, join = ' '): From | undefined {
  if (!world.count(node.at)) return undefined;
  if (node.kind === 'scalar' && node.tag === 'literal') return textFrom(() => node.text, [], node.text, true);
  if (node.kind === 'scalar' && node.tag === undefined) return scalarFrom(node.text, node, world);
  if (node.kind === 'list' && node.tag === 'firstOf') return firstFrom(node.items, world);
  if (node.kind === 'list' && node.tag === undefined) return listFrom(node.items, world, join);
  world.problems.add(
    node.at,
    'here stands an address or a text',
    'write $ADDRESS, a text, a list of them, or !firstOf [a, b]',
  );
  return undefined;
}

function scalarFrom(text: string, node: Node, world: World): From | undefined {
  if (isAddress(text)) {
    const address = world.fieldAddress(text.slice(1), node.at);
    if (!address) return undefined;
    const { present, fields } = address;
    return {
      many: address.many,
      constant: false,
      addresses: [address],
      literal: undefined,
      ...(present ? { present } : {}),
      one: (run) => firstField(address, run.scope),
      all: (run) => fields(run.scope),
    };
  }
  if (!isTemplate(text)) return textFrom(() => text, [], text, true);
  const template = world.template(text, node.at);
  return textFrom(template.text, template.addresses, template.literal, template.addresses.length === 0);
}

function textFrom(
  text: (run: Run) => string | undefined,
  addresses: readonly Address[],
  literal: string | undefined,
  constant: boolean,
): From {
  const one = (run: Run) => {
    const found = text(run);
    return found === undefined ? undefined : new TextField(found, addresses[0] ? placeOf(addresses[0], run) : '');
  };
  return { many: false, constant, addresses, literal, one, all: listOf(one) };
}

function listOf(one: (run: Run) => Field | undefined): (run: Run) => readonly Field[] {
  return (run) => {
    const field = one(run);
    return field ? [field] : [];
  };
}

function placeOf(address: Address, run: Run): string {
  return firstField(address, run.scope)?.place ?? '';
}

function firstFrom(items: readonly Node[], world: World): From | undefined {
  const parts = items.map((item) => compileFrom(item, world)).filter((part) => part !== undefined);
  if (parts.length < items.length) return undefined;
  const one = (run: Run) => {
    for (let index = 0; index < parts.length; index += 1) {
      const field = filled(parts[index]!, run);
      if (!field) continue;
      for (let more = index + 1; more < parts.length; more += 1) consumeAll(field, parts[more]!, run);
      return field;
    }
    return undefined;
  };
  return {
    many: false,
    constant: parts.every((part) => part.constant),
    addresses: parts.flatMap((part) => part.addresses),
    literal: undefined,
    one,
    all: listOf(one),
  };
}

/** The first of its fields that has a text. */
function filled(from: From, run: Run): Field | undefined {
  if (from.many) return from.all(run).find((field) => field.text() !== undefined);
  const field = from.present ? from.present(run.scope) : from.one(run);
  return field?.text() === undefined ? undefined : field;
}

function consumeAll(field: Field, from: From, run: Run): void {
  if (from.many) {
    for (const again of from.all(run)) consumeSame(field, again);
    return;
  }
  const again = from.present ? from.present(run.scope) : from.one(run);
  if (again) consumeSame(field, again);
}

/** What says the same once more is read with it. */
export function consumeSame(field: Field, again: Field): void {
  if (field.equals?.(again)) again.consume?.();
}

function listFrom(items: readonly Node[], world: World, join: string): From | undefined {
  const parts = items.map((item) => compileFrom(item, world)).filter((part) => part !== undefined);
  if (parts.length < items.length || parts.length === 0) return undefined;
  const one = (run: Run) =>
    joined(
      parts.flatMap((part) => part.all(run)),
      join,
    );
  return {
    many: false,
    constant: parts.every((part) => part.constant),
    addresses: parts.flatMap((part) => part.addresses),
    literal: undefined,
    one,
    all: listOf(one),
  };
}

/** Several texts as one, under the place of the first; `raw` with their delimiters. */
export function joined(fields: readonly Field[], join: string, raw = false): Field | undefined {
  const texts: string[] = [];
  let place: string | undefined;
  for (const field of fields) {
    const text = raw ? field.raw() : field.text();
    if (text === undefined) continue;
    place ??= field.place;
    texts.push(text);
  }
  return place === undefined ? undefined : new TextField(texts.join(join), place);
}
