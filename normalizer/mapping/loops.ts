/** `each`: segments, groups, repetitions, nodes, entries of lists, and the parts of one text. */
import { BridgeError } from '../../core/errors.ts';
import { consumeSame, isAddress } from './from.ts';
import { didYouMean } from './problems.ts';
import { LIMITS, type Run } from './run.ts';
import { type Address, entryOf, isFault, isPopulated, TextField } from './sources/format.ts';
import type { World } from './world.ts';
import type { MapNode, Node } from './yaml.ts';

/** Calls back once a turn, with the scope at the item of the turn. @returns what the turns gave, besides undefined */
export type Loop = <T>(run: Run, turn: (run: Run) => T | undefined) => readonly T[];

const MOST_PARTS = 1000;

export function compileLoop(node: Node, world: World): Loop | undefined {
  if (node.tag === 'split') return compileSplit(node, world);
  if (node.tag === 'firstOf' && node.kind === 'list') return compileFirst(node.items, world);
  if (node.kind !== 'scalar' || node.tag !== undefined || !isAddress(node.text)) {
    world.problems.add(node.at, 'each is an address', 'write each: $AL1[*], or !split { from: $X, by: "," }');
    return undefined;
  }
  const address = world.address(node.text.slice(1));
  if (isFault(address)) {
    world.problems.add(node.at, address.message, address.hint);
    return undefined;
  }
  return (run, turn) => turns(run, address.items(run.scope), turn);
}

const NOTHING: readonly never[] = [];

function turns<T>(run: Run, items: readonly unknown[], turn: (run: Run) => T | undefined): readonly T[] {
  if (items.length === 0) return NOTHING;
  let made: T[] | undefined;
  const before = run.scope;
  for (const item of items) {
    run.turns += 1;
    if (run.turns > LIMITS.turns)
      throw new BridgeError('map.limit', 'the loops of the map turn more often than they may');
    run.scope = { item, parent: before, shape: undefined, known: undefined };
    const one = turn(run);
    if (one === undefined) continue;
    if (made) made.push(one);
    else made = [one];
  }
  run.scope = before;
  return made ?? NOTHING;
}

/** The first field of which anything is there. */
function compileFirst(nodes: readonly Node[], world: World): Loop | undefined {
  const found = nodes.map((node) =>
    node.kind === 'scalar' && isAddress(node.text) ? world.fieldAddress(node.text.slice(1), node.at) : undefined,
  );
  const addresses = found.filter((address) => address !== undefined);
  if (addresses.length < nodes.length) return undefined;
  return (run, turn) => {
    const fields = addresses.flatMap((address) => address.fields(run.scope));
    const index = fields.findIndex(isPopulated);
    const first = fields[index];
    if (!first) return NOTHING;
    for (const again of fields.slice(index + 1)) consumeSame(first, again);
    return turns(run, [first], turn);
  };
}

/** `!split { from: $ALLERGIES, by: '、' }`: `by` is one sign or several, each of which divides. */
function compileSplit(node: Node, world: World): Loop | undefined {
  const entries = node.kind === 'map' ? (node as MapNode).entries : [];
  const [from, by] = [entryOf(entries, 'from')?.value, entryOf(entries, 'by')?.value];
  for (const { key, at } of entries)
    if (!['from', 'by'].includes(key))
      world.problems.add(at, `!split has no option ${key}`, didYouMean(key, ['from', 'by'], 'options'));
  if (from?.kind !== 'scalar' || by?.kind !== 'scalar' || by.text === '' || !isAddress(from.text)) {
    world.problems.add(
      node.at,
      '!split takes an address and the signs that divide',
      'write !split { from: $X, by: ",;" }',
    );
    return undefined;
  }
  const address: Address | undefined = world.fieldAddress(from.text.slice(1), from.at);
  if (!address) return undefined;
  const signs = new Set(Array.from(by.text));
  return (run, turn) => {
    const fields = address.fields(run.scope).flatMap((field) => {
      const text = field.text();
      return text === undefined ? [] : parts(text, signs).map((part) => new TextField(part, field.place));
    });
    return turns(run, fields, turn);
  };
}

function parts(text: string, signs: ReadonlySet<string>): string[] {
  const found = [''];
  for (const char of text) {
    if (!signs.has(char)) found[found.length - 1] += char;
    else if (found.length < MOST_PARTS) found.push('');
  }
  return found.map((part) => part.trim()).filter(Boolean);
}
