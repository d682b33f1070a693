/** Compiles resources and loops into the steps of a run. */
import { BridgeError } from '../../core/errors.ts';
import { isResourceType, resourceTypes } from '../gate/table.ts';
import { rememberFields } from './fields.ts';
import { compileKey, type Key } from './keys.ts';
import { compileLoop, type Loop } from './loops.ts';
import { compileMembers, type Put, putting, type Tree } from './members.ts';
import { isNobodys, rememberItem } from './memory.ts';
import { mergeMembers } from './overlay.ts';
import { didYouMean } from './problems.ts';
import { Frame, LIMITS, type Run } from './run.ts';
import { type Address, entryOf, firstField, isPopulated } from './sources/format.ts';
import type { Position } from './value.ts';
import type { Identify, Named, World } from './world.ts';
import type { Entry, ListNode, MapNode, Node } from './yaml.ts';

export type Step = (run: Run) => void;

/** Fragments that are like others, one upon the other. */
const MOST_LIKE = 8;
const CONTROL = ['key', 'alias', 'each', 'if', 'needs', 'merge', 'resources'];

/** `Type: name`. */
export function typeEntry(node: MapNode): Entry | undefined {
  return node.entries.find(({ key }) => /^[A-Z]/.test(key));
}

/** Learns the names of all resources before any is compiled. */
export function nameResources(node: Node, world: World, lists: readonly number[] = [0]): void {
  if (node.kind !== 'list') return;
  for (const item of node.items) {
    if (item.kind !== 'map') continue;
    const inner = entryOf(item.entries, 'resources');
    if (inner && entryOf(item.entries, 'loop')) {
      nameResources(inner.value, world, [...lists, listId(item, world)]);
      continue;
    }
    const type = typeEntry(item);
    if (type?.value.kind !== 'scalar') continue;
    const name = type.value.text;
    if (world.named.has(name))
      world.problems.add(type.value.at, `the name ${name} is taken`, 'give each resource a name of its own');
    world.named.set(name, {
      name,
      type: type.key,
      at: type.value.at,
      lists,
      looped: entryOf(item.entries, 'each') !== undefined,
      order: world.named.size,
    });
  }
}

const ids = new WeakMap<Node, number>();
let nextId = 1;

/** A loop's list, the same number whenever it is asked for. */
function listId(loop: Node, _world: World): number {
  const known = ids.get(loop);
  if (known !== undefined) return known;
  ids.set(loop, nextId);
  nextId += 1;
  return nextId - 1;
}

export function compileResources(node: Node, world: World, lists: readonly number[] = [0]): Step[] {
  if (node.kind !== 'list') {
    world.problems.add(node.at, 'resources is a list', 'write - Patient: patient');
    return [];
  }
  return (node as ListNode).items.flatMap((item) => {
    if (item.kind !== 'map') {
      world.problems.add(item.at, 'a resource is written as Type: name', 'write - Patient: patient');
      return [];
    }
    const step = entryOf(item.entries, 'loop') ? compileBlock(item, world, lists) : compileResource(item, world, lists);
    return step ? [step] : [];
  });
}

/** `loop: name, each: …, resources: [ … ]` */
function compileBlock(node: MapNode, world: World, lists: readonly number[]): Step | undefined {
  for (const { key, at } of node.entries)
    if (!['loop', 'each', 'if', 'resources'].includes(key))
      world.problems.add(
        at,
        `a loop has no part ${key}`,
        didYouMean(key, ['loop', 'each', 'if', 'resources'], 'parts'),
      );
  const [each, inner, test] = ['each', 'resources', 'if'].map((key) => entryOf(node.entries, key));
  if (!each || !inner) {
    world.problems.add(
      node.at,
      `the loop has no ${each ? 'resources' : 'each'}`,
      'write loop: name, each: $X[*], resources: [ … ]',
    );
    return undefined;
  }
  const loop = compileLoop(each.value, world);
  const condition = test && world.condition(test.value);
  const steps = compileResources(inner.value, world, [...lists, listId(node, world)]);
  if (!loop) return undefined;
  const all = (run: Run) => runAll(steps, run);
  const turn = (run: Run) => {
    if (!condition || condition.holds(run)) inFrame(run, true, all);
  };
  return (run) => void loop(run, turn);
}

export function runAll(steps: readonly Step[], run: Run): void {
  for (const step of steps) step(run);
}

function inFrame(run: Run, isList: boolean, inner: Step): void {
  const before = run.frame;
  run.frame = new Frame(before, run.scope, isList);
  inner(run);
  run.frame = before;
}

interface Compiled {
  readonly type: fhir4.FhirResource['resourceType'];
  readonly key: Key;
  /** A further key, under which it is found within the item. */
  readonly alias: Key | undefined;
  /** The key holds `!element`: the content is made before the identity is known. */
  readonly late: boolean;
  /** What puts the members that have to be asked. */
  readonly asked: (run: Run) => readonly Put[];
  readonly condition: ((run: Run) => boolean) | undefined;
  readonly needs: readonly Address[];
  readonly loop: Loop | undefined;
  readonly merge: boolean;
}

function compileResource(node: MapNode, world: World, lists: readonly number[]): Step | undefined {
  const type = typeEntry(node);
  if (type?.value.kind !== 'scalar' || !/^[\p{L}_][\p{L}\p{N}_-]*$/u.test(type.value.text)) {
    const first = node.entries[0]?.key ?? '';
    world.problems.add(
      type?.at ?? node.at,
      type ? `the ${type.key} has no name` : 'a resource begins with its type',
      type
        ? `write ${type.key}: a name for references`
        : `did you mean ${first.charAt(0).toUpperCase()}${first.slice(1)}: …, or loop: …?`,
    );
    return undefined;
  }
  const name = type.value.text;
  const named = world.named.get(name)!;
  const at: Position = { resource: name, order: named.order, lists, key: false };
  const compiled = compileParts(likened(node, type, world), type, at, world);
  if (!compiled) return undefined;
  const numbered = !compiled.merge && (compiled.loop !== undefined || lists.length > 1);
  const identify = identity(compiled, name, numbered);
  named.identify = (run) => {
    const known = run.frame.own.get(name);
    if (known !== undefined) return known;
    const { urn } = identify(run);
    run.frame.own.set(name, urn);
    return urn;
  };
  const make = (run: Run) => makeOne(run, compiled, named, identify);
  const { loop } = compiled;
  if (!loop) return make;
  const turn = (run: Run) => inFrame(run, false, make);
  return (run) => void loop(run, turn);
}

/** `like: name`: the members of the fragment, with the resource's own laid over them. */
function likened(node: MapNode, type: Entry, world: World, depth = 0): MapNode {
  const like = entryOf(node.entries, 'like');
  if (!like) return node;
  const own = { ...node, entries: node.entries.filter((entry) => entry !== like && entry !== type) };
  const name = like.value.kind === 'scalar' ? like.value.text : '';
  const fragment = world.fragments.get(name);
  if (fragment?.kind === 'map' && depth < MOST_LIKE) {
    // The fragment may make a resource by itself: its type gives way.
    const members = fragment.entries.filter((entry) => entry !== typeEntry(fragment));
    const base = likened({ ...fragment, entries: [type, ...members] }, type, world, depth + 1);
    return mergeMembers({ ...node, entries: base.entries }, own, world.problems);
  }
  world.problems.add(
    like.value.at,
    fragment ? `the fragment ${name} is like itself, or is no members` : `there is no fragment ${name}`,
    didYouMean(name, world.fragments.keys(), 'fragments'),
  );
  return { ...node, entries: [type, ...own.entries] };
}

function compileParts(node: MapNode, type: Entry, at: Position, world: World): Compiled | undefined {
  if (!isResourceType(type.key)) {
    world.problems.add(type.at, `R4 has no resource ${type.key}`, didYouMean(type.key, resourceTypes(), 'resources'));
    return undefined;
  }
  const control = (key: string) => entryOf(node.entries, key)?.value;
  const elements = node.entries.filter((entry) => entry !== type && !CONTROL.includes(entry.key));
  const [each, test, needs, merge] = ['each', 'if', 'needs', 'merge'].map(control);
  const inner = entryOf(node.entries, 'resources');
  if (inner) world.problems.add(inner.at, 'only loops hold resources', 'write loop: name instead of the type');
  const loop = each && compileLoop(each, world);
  const condition = test && world.condition(test);
  const members = compileMembers(elements, type.key, { path: type.key, at }, type.at, world);
  const names = new Set(elements.map(({ key }) => key));
  const keyNode = control('key');
  if (!keyNode) world.problems.add(type.at, `the ${type.key} has no key`, keyHint(at.resource, world));
  const key = keyNode && compileKey(keyNode, { at, members: names }, world);
  const aliasNode = control('alias');
  const alias = aliasNode && compileKey(aliasNode, { at, members: undefined }, world);
  if (merge && !(merge.kind === 'scalar' && /^(true|false)$/.test(merge.text)))
    world.problems.add(merge.at, 'merge is true or false', 'write merge: true');
  const needed = compileNeeds(needs, world);
  if (!key) return undefined;
  return {
    type: type.key as Compiled['type'],
    key,
    alias,
    late: holdsElement(keyNode),
    asked: putting(members),
    condition: condition?.holds,
    needs: needed,
    loop,
    merge: merge?.kind === 'scalar' && merge.text === 'true',
  };
}

function keyHint(name: string, world: World): string {
  const near = didYouMean(
    name,
    [...world.named.keys()].filter((one) => one !== name),
  );
  return near.startsWith('did you')
    ? `write key: [!owner , $NUMBER]; or, for a resource of the base, ${near}`
    : 'write key: [!owner , $NUMBER]';
}

function holdsElement(node: Node): boolean {
  return node.tag === 'element' || (node.kind === 'list' && node.items.some(holdsElement));
}

function compileNeeds(node: Node | undefined, world: World): Address[] {
  if (!node) return [];
  const items = node.kind === 'list' ? node.items : [node];
  return items.flatMap((item) => {
    if (item.kind === 'scalar' && item.text.startsWith('$'))
      return world.fieldAddress(item.text.slice(1), item.at) ?? [];
    world.problems.add(item.at, 'needs is an address', 'write needs: $OBX-3');
    return [];
  });
}

interface Identity {
  readonly urn: string | null;
  readonly content?: Tree;
}

const NOTHING: Identity = { urn: null };

/** Whether the resource is made of this item, and under which key. */
function identity(compiled: Compiled, name: string, numbered: boolean): (run: Run) => Identity {
  return (run) => {
    run.element = compiled.type;
    if (compiled.condition && !compiled.condition(run)) return NOTHING;
    for (const address of compiled.needs) {
      const fields = address.many ? address.fields(run.scope) : [firstField(address, run.scope)];
      if (run.look(() => fields.some((field) => field && isPopulated(field)))) continue;
      run.issue(
        'warning',
        'field.missing',
        fields[0]?.place ?? address.text.slice(1),
        `${compiled.type} was left out: a field that it needs is empty`,
      );
      return NOTHING;
    }
    const content = compiled.late ? contentOf(run, compiled) : undefined;
    const key = compiled.key(run, content);
    if (key === null) {
      if (name !== '')
        run.issue('warning', 'field.missing', name, `${compiled.type} was left out: nothing of its key is there`);
      return NOTHING;
    }
    const first = run.draft.urn(compiled.type, key);
    const count = numbered ? run.times(name, first) : 1;
    const urn = count === 1 ? first : run.draft.urn(compiled.type, [...key, String(count)]);
    return content ? { urn, content } : { urn };
  };
}

function contentOf(run: Run, { type, asked }: Compiled): Tree {
  const out: Tree = { resourceType: type };
  run.element = run.trace ? `${type}[${run.counts.get(type) ?? 0}]` : type;
  for (const put of asked(run)) {
    const done = put(run, out);
    if (typeof done === 'function') done(out);
  }
  return out;
}

function makeOne(run: Run, compiled: Compiled, named: Named, identify: (run: Run) => Identity): void {
  const { name } = named;
  const known = run.frame.own.get(name);
  const made = known === undefined ? identify(run) : { urn: known };
  if (made.urn === null) {
    run.frame.own.set(name, null);
    return;
  }
  // References to itself and forward ones of its members find it.
  run.frame.own.set(name, made.urn);
  add(run, compiled, made);
  if (named.isListed) run.frame.made(name, made.urn);
  const alias = compiled.alias?.(run, undefined);
  if (alias) run.aliases.set(aliasOf(name, alias), made.urn);
}

export function aliasOf(name: string, key: readonly string[]): string {
  return JSON.stringify([name, ...key]);
}

function add(run: Run, compiled: Compiled, { urn, content }: Identity): string {
  run.resources += 1;
  if (run.resources > LIMITS.resources)
    throw new BridgeError('map.limit', 'the map makes more resources of one item than it may');
  const made = content ?? contentOf(run, compiled);
  made.id = urn!.slice('urn:uuid:'.length);
  if (run.trace) run.counts.set(compiled.type, (run.counts.get(compiled.type) ?? 0) + 1);
  return run.draft.addAs(urn!, made as unknown as fhir4.FhirResource);
}

/** A resource of the current item, for `!ref fragment`. */
export function compileMaker(node: MapNode, at: Position, world: World): Identify | undefined {
  const type = typeEntry(node)!;
  const { made: compiled, reads } = world.reading(() => compileParts(likened(node, type, world), type, at, world));
  if (!compiled) return undefined;
  if (compiled.loop)
    world.problems.add(node.at, 'a fragment that makes a resource has no each', 'loop where it is used');
  const identify = identity(compiled, '', false);
  const make = (run: Run) => {
    const before = run.element;
    const made = identify(run);
    const urn = made.urn === null ? null : add(run, compiled, made);
    run.element = before;
    return urn;
  };
  return rememberItem(rememberFields(make, reads, world.format), reads, isNobodys(compiled.type));
}
