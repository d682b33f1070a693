/** References by the names of the map, and by business key. */
import { type FragmentUse, fragmentUse, withFragment } from './fragments.ts';
import { compileKey } from './keys.ts';
import { compileLoop } from './loops.ts';
import { isNobodys } from './memory.ts';
import { didYouMean } from './problems.ts';
import { aliasOf, compileMaker, typeEntry } from './resources.ts';
import type { Run } from './run.ts';
import { entryOf } from './sources/format.ts';
import { type Target, traced, type Value } from './value.ts';
import type { Identify, Named, World } from './world.ts';
import type { MapNode, Node } from './yaml.ts';

/** `!ref name`, `!refs name`, `!ref { to: name, key: [ … ] }`, `!ref { to: fragment, with: { … } }` */
export function compileReference(node: Node, tag: 'ref' | 'refs', target: Target, world: World): Value | undefined {
  if (!target.allowed.includes('Reference')) {
    world.problems.add(
      node.at,
      `!${tag} makes a Reference, but ${target.path} is a ${target.allowed.join(' or ')}`,
      'write a value of that type',
    );
    return undefined;
  }
  const to = node.kind === 'map' ? entryOf(node.entries, 'to')?.value : node;
  if (to?.kind !== 'scalar') {
    world.problems.add(node.at, `!${tag} names no resource`, `write !${tag} name`);
    return undefined;
  }
  const fragment = world.fragments.get(to.text);
  const named = world.named.get(to.text);
  if (!named && fragment && tag === 'ref') return fromFragment(node, target, world);
  if (!named) {
    const names = [...world.named.keys(), ...(tag === 'ref' ? world.fragments.keys() : [])];
    world.problems.add(to.at, `there is no resource ${to.text}`, didYouMean(to.text, names, 'resources'));
    return undefined;
  }
  if (!allows(target, named.type)) {
    const types = [...(target.element?.properties.get('Reference')?.property.targets ?? [])];
    world.problems.add(to.at, `${target.path} does not refer to a ${named.type}`, `it refers to ${types.join(', ')}`);
    return undefined;
  }
  world.refersByName();
  const alias = node.kind === 'map' ? entryOf(node.entries, 'alias') : undefined;
  if (alias) return byAlias(named, alias.value, node, target, world);
  const key = node.kind === 'map' ? entryOf(node.entries, 'key') : undefined;
  if (key) return byKey(named, key.value, node, target, world);
  const only = node.kind === 'map' ? entryOf(node.entries, 'only')?.value : undefined;
  if (only?.kind === 'scalar' && only.text === 'true') return theOnly(node, named, target, world);
  return tag === 'refs' ? several(node, named, target, world) : single(node, named, target, world);
}

function allows(target: Target, type: string): boolean {
  const targets = target.element?.properties.get('Reference')?.property.targets;
  return !targets || targets.has(type);
}

function reference(node: Node, world: World, get: (run: Run) => string | null | undefined): Value {
  return traced(
    {
      types: ['Reference'],
      many: false,
      constant: false,
      get: (run) => {
        const urn = get(run);
        return urn ? { reference: urn } : undefined;
      },
    },
    node,
    world,
  );
}

function single(node: Node, named: Named, target: Target, world: World): Value | undefined {
  const list = named.lists.at(-1)!;
  if (named.looped || !target.at.lists.includes(list)) {
    const own = named.looped && target.at.resource === named.name ? ' by itself' : '';
    world.problems.add(
      node.at,
      `${named.name} is made several times${own}`,
      `write !refs ${named.name}, or !ref { to: ${named.name}, key: [ … ] }`,
    );
    return undefined;
  }
  const depth = target.at.lists.indexOf(list);
  return reference(node, world, (run) => {
    let frame = run.frame;
    // A resource that loops has a frame of its own for each turn, below its list's.
    while (frame.depth > depth && frame.parent) frame = frame.parent;
    const known = frame.own.get(named.name);
    if (known !== undefined) return known;
    const before = [run.scope, run.frame] as const;
    [run.scope, run.frame] = [frame.scope, frame];
    const urn = named.identify?.(run) ?? null;
    [run.scope, run.frame] = before;
    return urn;
  });
}

function several(node: Node, named: Named, target: Target, world: World): Value | undefined {
  if (!target.array) {
    world.problems.add(node.at, `${target.path} takes one reference`, `write !ref ${named.name}`);
    return undefined;
  }
  if (named.order > target.at.order) {
    world.problems.add(node.at, `${named.name} is made further below`, 'move it above, so that it is known here');
    return undefined;
  }
  named.isListed = true;
  const depth = target.at.lists.length - 1;
  return {
    types: ['Reference'],
    many: true,
    constant: false,
    get: (run) => {
      let frame = run.frame;
      while (frame.depth > depth && frame.parent) frame = frame.parent;
      return frame.all(named.name).map((urn) => ({ reference: urn }));
    },
  };
}

/** `!ref { to: name, only: true }`: of those that were made in this turn, where it is one alone. */
function theOnly(node: Node, named: Named, target: Target, world: World): Value | undefined {
  const all = several(node, named, { ...target, array: true }, world);
  return all && { ...all, many: false, get: (run) => onlyOf(all.get(run) as fhir4.Reference[]) };
}

function onlyOf(made: readonly fhir4.Reference[]): fhir4.Reference | undefined {
  return made.length === 1 ? made[0] : undefined;
}

/** The resource with this key, wherever it is made; the item has to make it. */
function byKey(named: Named, key: Node, node: Node, target: Target, world: World): Value | undefined {
  const compiled = compileKey(key, { at: target.at, members: undefined }, world);
  if (!compiled) return undefined;
  return reference(node, world, (run) => {
    const parts = compiled(run, undefined);
    return parts && run.draft.urn(named.type as fhir4.FhirResource['resourceType'], parts);
  });
}

/** The resource that was made before under this further key, if any was. */
function byAlias(named: Named, alias: Node, node: Node, target: Target, world: World): Value | undefined {
  const compiled = compileKey(alias, { at: target.at, members: undefined }, world);
  if (!compiled) return undefined;
  return reference(node, world, (run) => {
    const parts = compiled(run, undefined);
    return parts && run.aliases.get(aliasOf(named.name, parts));
  });
}

function fromFragment(node: Node, target: Target, world: World): Value | undefined {
  const options: Node =
    node.kind === 'map'
      ? ({
          ...node,
          entries: node.entries
            .filter(({ key }) => key !== 'of')
            .map((entry) => (entry.key === 'to' ? { ...entry, key: 'name' } : entry)),
        } as MapNode)
      : node;
  const use = fragmentUse(options, world);
  const of = node.kind === 'map' ? entryOf(node.entries, 'of')?.value : undefined;
  const compile = () => use && withFragment(use, world, (content) => maker(content, use, target, world));
  if (!of && isNobodys(fragmentType(use?.name, world))) world.refersToItem();
  const make = of ? world.aside(compile) : compile();
  const test = node.kind === 'map' ? entryOf(node.entries, 'if') : undefined;
  const condition = test && world.condition(test.value);
  if (!make) return undefined;
  const one = (run: Run) => (!condition || condition.holds(run) ? make(run) : undefined);
  return of ? ofItems(of, node, one, target, world) : reference(node, world, one);
}

/** The resource of another item than the current one: `of: $DG1-16`, or of several. */
function ofItems(
  of: Node,
  node: Node,
  make: (run: Run) => string | null | undefined,
  target: Target,
  world: World,
): Value | undefined {
  const loop = compileLoop(of, world);
  const many = of.kind === 'scalar' && of.text.includes('[*]');
  if (many && !target.array) {
    world.problems.add(of.at, `${target.path} takes one reference`, 'leave [*] out');
    return undefined;
  }
  if (!loop) return undefined;
  const turn = (run: Run) => {
    const urn = make(run);
    return urn ? { reference: urn } : undefined;
  };
  const found = (run: Run) => loop(run, turn);
  const get = many ? found : (run: Run) => found(run)[0];
  return traced({ types: ['Reference'], many, constant: false, get }, node, world);
}

/** Type of the resource that a fragment makes; empty where it makes none. */
function fragmentType(name: string | undefined, world: World): string {
  const content = name === undefined ? undefined : world.fragments.get(name);
  return (content?.kind === 'map' && typeEntry(content)?.key) || '';
}

/** Compiled once for all places of one list: fragments that refer to one another would else multiply. */
function maker(content: Node, { name, args }: FragmentUse, target: Target, world: World): Identify | undefined {
  const type = content.kind === 'map' ? typeEntry(content) : undefined;
  if (!type) {
    world.problems.add(
      content.at,
      `the fragment ${name} makes no resource`,
      'begin it with a type, such as Practitioner:',
    );
    return undefined;
  }
  if (!allows(target, type.key)) {
    world.problems.add(type.at, `${target.path} does not refer to a ${type.key}`, 'use another fragment');
    return undefined;
  }
  const key = args.size > 0 ? undefined : [name, ...target.at.lists].join(' ');
  const known = key === undefined ? undefined : world.makers.get(key);
  if (known) {
    world.reads(known.reads);
    return known.identify;
  }
  const { made: identify, reads } = world.reading(() => compileMaker(content as MapNode, target.at, world));
  if (identify && key !== undefined) world.makers.set(key, { identify, reads });
  return identify;
}
