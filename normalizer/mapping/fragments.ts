/** Fragments are written out where they are used, their parameters replaced. */
import { didYouMean, type Place } from './problems.ts';
import { entryOf } from './sources/format.ts';
import type { World } from './world.ts';
import type { Entry, Node } from './yaml.ts';

export interface FragmentUse {
  readonly name: string;
  readonly args: ReadonlyMap<string, Node>;
  readonly at: Place;
}

/** `!fragment name` or `!fragment { name, with }`. */
export function fragmentUse(node: Node, world: World): FragmentUse | undefined {
  if (node.kind === 'scalar') return { name: node.text, args: new Map(), at: node.at };
  if (node.kind !== 'map') {
    world.problems.add(node.at, 'a fragment is used by its name', 'write !fragment { name: f, with: { p: $X } }');
    return undefined;
  }
  for (const { key, at } of node.entries)
    if (!['name', 'with', 'if'].includes(key))
      world.problems.add(at, `!fragment has no option ${key}`, didYouMean(key, ['name', 'with', 'if'], 'options'));
  const name = entryOf(node.entries, 'name')?.value;
  const given = entryOf(node.entries, 'with')?.value;
  if (name?.kind !== 'scalar') {
    world.problems.add(node.at, 'the name of the fragment is missing', 'write !fragment { name: f, with: { p: $X } }');
    return undefined;
  }
  const args = given?.kind === 'map' ? given.entries : [];
  return { name: name.text, args: new Map(args.map(({ key, value }) => [key, value])), at: name.at };
}

/**
 * Compiles the fragment's content in place of its use.
 * @returns undefined, with a problem, for a fragment that is unknown or uses itself
 */
export function withFragment<T>(
  use: FragmentUse,
  world: World,
  compile: (content: Node) => T | undefined,
): T | undefined {
  const content = world.fragments.get(use.name);
  if (!content) {
    world.problems.add(
      use.at,
      `there is no fragment ${use.name}`,
      didYouMean(use.name, world.fragments.keys(), 'fragments'),
    );
    return undefined;
  }
  if (world.open.includes(use.name) || world.open.length > 16) {
    world.problems.add(use.at, `the fragment ${use.name} uses itself`, 'break the circle');
    return undefined;
  }
  const wanted = parameters(content);
  for (const [name, node] of use.args)
    if (!wanted.has(name))
      world.problems.add(
        node.at,
        `the fragment ${use.name} has no parameter ${name}`,
        didYouMean(name, wanted, 'parameters'),
      );
  world.open.push(use.name);
  try {
    return compile(substitute(content, use.args));
  } finally {
    world.open.pop();
  }
}

const PARAMETER = /\$\{([\w-]+)\}/g;

function parameters(node: Node, found = new Set<string>()): Set<string> {
  if (node.kind === 'scalar') for (const [, name] of node.text.matchAll(PARAMETER)) found.add(name!);
  if (node.kind === 'list') for (const item of node.items) parameters(item, found);
  if (node.kind === 'map') for (const { value } of node.entries) parameters(value, found);
  return found;
}

/** A whole scalar becomes the argument itself; within a text its text is put. What is not given stays (it may be a constant). */
function substitute(node: Node, args: ReadonlyMap<string, Node>): Node {
  if (args.size === 0) return node;
  if (node.kind === 'list') return { ...node, items: node.items.map((item) => substitute(item, args)) };
  if (node.kind === 'map')
    return {
      ...node,
      entries: node.entries.map((entry): Entry => ({ ...entry, value: substitute(entry.value, args) })),
    };
  if (node.kind !== 'scalar' || !node.text.includes('${')) return node;
  const whole = /^\$\{([\w-]+)\}$/.exec(node.text);
  const given = whole ? args.get(whole[1]!) : undefined;
  if (given) return node.tag === undefined ? given : ({ ...given, tag: node.tag } as Node);
  const text = node.text.replaceAll(PARAMETER, (written, name: string) => {
    const arg = args.get(name);
    return arg?.kind === 'scalar' ? arg.text : written;
  });
  return { ...node, text };
}
