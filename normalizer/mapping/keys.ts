/** Business keys: the identity of a resource within the hospital. */
import { canonicalJson } from '../../core/json.ts';
import type { Tree } from './members.ts';
import { rememberScope } from './memory.ts';
import type { Run } from './run.ts';
import type { Position, Target } from './value.ts';
import { compileValue } from './values.ts';
import type { World } from './world.ts';
import type { Node } from './yaml.ts';

/** @returns null where none of its values is there: then there is no identity */
export type Key = (run: Run, resource: Tree | undefined) => readonly string[] | null;

type Part = { readonly constant: boolean; put(run: Run, resource: Tree | undefined, out: string[]): boolean };

export function compileKey(
  node: Node,
  where: { readonly at: Position; readonly members: ReadonlySet<string> | undefined },
  world: World,
): Key | undefined {
  const items = node.kind === 'list' && node.tag === undefined ? node.items : [node];
  if (items.length === 0) {
    world.problems.add(node.at, 'the key is empty', 'name what identifies the resource: key: [!owner , $NUMBER]');
    return undefined;
  }
  const parts = items.map((item) => compilePart(item, where, world));
  if (!parts.every((part) => part !== undefined)) return undefined;
  return assemble(parts, world, node);
}

function assemble(parts: readonly Part[], world: World, node: Node): Key | undefined {
  const deciding = parts.filter((part) => !part.constant);
  if (deciding.length === 0) {
    world.problems.add(
      node.at,
      'the key names no value of the item: all items would make the same resource',
      'name a number: key: [!owner , $NUMBER]',
    );
    return undefined;
  }
  // The owner decides only where nothing else does.
  const only = deciding.filter((part) => part !== OWNER);
  return (run, resource) =>
    run.look(() => {
      const out: string[] = [];
      let any = only.length === 0;
      for (const part of parts)
        if (part.put(run, resource, out) && (part !== OWNER || only.length === 0) && !part.constant) any = true;
      return any ? out : null;
    });
}

const OWNER: Part = {
  constant: false,
  put(run, _resource, out) {
    run.draft.peculiar += 1;
    if (run.owner) out.push(run.owner.system, run.owner.value);
    return run.owner !== undefined;
  },
};

function compilePart(
  node: Node,
  where: { readonly at: Position; readonly members: ReadonlySet<string> | undefined },
  world: World,
): Part | undefined {
  if (node.tag === 'owner') return OWNER;
  if (node.tag === 'element') return elementPart(node, where.members, world);
  const target: Target = {
    allowed: ['string'],
    element: undefined,
    path: 'key',
    array: false,
    at: { ...where.at, key: true },
  };
  const { made: value, reads } = world.reading(() => compileValue(node, target, world));
  if (!value) return undefined;
  const get = rememberScope((run) => value.get(run), reads, world.format);
  return {
    constant: value.constant,
    put(run, _resource, out) {
      const made = get(run);
      out.push(made === undefined ? '' : String(made));
      return made !== undefined;
    },
  };
}

/** The content of an element of the resource itself, for what has no number of its own. */
function elementPart(node: Node, members: ReadonlySet<string> | undefined, world: World): Part | undefined {
  const path = node.kind === 'scalar' ? node.text.split('.') : [];
  if (!members || path.length === 0 || !members.has(path[0]!)) {
    world.problems.add(
      node.at,
      members
        ? `the resource has no element ${path[0] ?? ''} in this map`
        : '!element stands in the key of its own resource',
      'write !element code',
    );
    return undefined;
  }
  return {
    constant: false,
    put(_run, resource, out) {
      let here: unknown = resource;
      for (const name of path) here = typeof here === 'object' && here !== null ? (here as Tree)[name] : undefined;
      out.push(here === undefined ? '' : typeof here === 'string' ? here : canonicalJson(here));
      return here !== undefined;
    },
  };
}
