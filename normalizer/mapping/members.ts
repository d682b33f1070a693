/** Compiles objects: resources, data types and backbone elements with their members. */

import { rememberFields } from './fields.ts';
import { compileLoop } from './loops.ts';
import { type Reads, rememberConstant, rememberPart } from './memory.ts';
import { planned } from './plans.ts';
import { didYouMean, type Place } from './problems.ts';
import { Absent, type Run, Typed } from './run.ts';
import type { Element } from './shapes.ts';
import { choiceTypes, elementNames, elementOf, NOT_WRITTEN, requiredElements } from './shapes.ts';
import { entryOf } from './sources/format.ts';
import type { Position, Target, Value } from './value.ts';
import { compileValue } from './values.ts';
import type { World } from './world.ts';
import type { Entry, ListNode, MapNode, Node } from './yaml.ts';

const DATA_ABSENT = 'http://hl7.org/fhir/StructureDefinition/data-absent-reason';

/** What an object says of itself, beside its elements. */
const CONTROL: ReadonlySet<string> = new Set(['if', 'each', 'is']);

export type Tree = Record<string, unknown>;

/** Puts one element. @returns whether there was something to put; of an element that R4 demands, what says that there is none */
export type Put = (run: Run, out: Tree) => boolean | Lacking;

/** Says that there is no value (data-absent-reason). */
type Lacking = (out: Tree) => void;

export interface Member {
  readonly constant: boolean;
  readonly put: Put;
  readonly reads: Reads;
}

/** Those of the members that have to be asked. */
export function putting(members: readonly Member[]): (run: Run) => readonly Put[] {
  return planned(
    members.map(({ put }) => put),
    members.map(({ reads }) => reads),
  );
}

/** Of several types, the one that has all of these elements. */
function theOnlyWith(entries: readonly Entry[], types: readonly string[]): string | undefined {
  const fitting = types.filter((type) => entries.every(({ key }) => elementOf(type, key.split('.')[0]!) !== undefined));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** An object of one type; what comes out without any value of the item is left out. */
export function compileObject(node: MapNode, target: Target, world: World): Value | undefined {
  const complex = target.allowed.filter((type) => /^[A-Z]/.test(type));
  const own = node.entries.filter(({ key }) => !CONTROL.has(key));
  const type = complex.length > 1 ? theOnlyWith(own, complex) : complex[0];
  if (type === undefined) {
    const what =
      complex.length > 1 ? `may be ${complex.join(', ')}` : `is a ${target.allowed.join(' or ')}, not an object`;
    const hint = complex.length > 1 ? `name the type: ${typedName(target, complex[0]!)}: { … }` : 'write one value';
    world.problems.add(node.at, `${target.path} ${what}`, hint);
    return undefined;
  }
  if (type === 'Period' && own.length > 0 && own.every(({ key }) => ['start', 'end', 'zone', 'format'].includes(key)))
    return guarded(node, compileValue({ ...node, entries: own, tag: 'period' }, target, world), world);
  const each = entryOf(node.entries, 'each');
  if (each && !target.array) {
    world.problems.add(each.at, `${target.path} takes one value; each would make several`, 'leave each out');
    return undefined;
  }
  const loop = each && compileLoop(each.value, world);
  const is = entryOf(node.entries, 'is');
  const start = is && compileValue(is.value, { ...target, allowed: [type], array: false }, world);
  const required = is ? [] : requiredElements(type);
  const { made: members, reads } = world.reading(() =>
    compileMembers(own, type, { path: target.path, at: target.at }, node.at, world, required),
  );
  const make = start ? extension(start, members) : rememberFields(builder(members), reads, world.format);
  const constant = !loop && !is && members.length > 0 && members.every((member) => member.constant);
  if (!loop) return guarded(node, { types: [type], many: false, constant, get: make }, world);
  const condition = entryOf(node.entries, 'if');
  const test = condition && world.condition(condition.value);
  const part = start ? make : rememberPart(make, reads);
  const turn = test ? (run: Run) => (test.holds(run) ? part(run) : undefined) : part;
  return {
    types: [type],
    many: true,
    constant: false,
    get: (run) => loop(run, turn),
  };
}

/** `is:` gives the object, the members add to it; without the one there is none. */
function extension({ get }: Value, members: readonly Member[]): (run: Run) => Tree | undefined {
  const asked = putting(members);
  return (run) => {
    const start = get(run);
    if (typeof start !== 'object' || start === null || start instanceof Absent) return undefined;
    const out: Tree = { ...(start as Tree) };
    for (const put of asked(run)) put(run, out);
    return out;
  };
}

function typedName(target: Target, type: string): string {
  return target.element?.properties.get(type)?.name ?? type;
}

function guarded(node: MapNode, value: Value | undefined, world: World): Value | undefined {
  const entry = entryOf(node.entries, 'if');
  if (!entry || !value) return value;
  const { holds } = world.condition(entry.value);
  const { get } = value;
  return { ...value, constant: false, get: (run) => (holds(run) ? get(run) : undefined) };
}

/** What is the same for every item is put only where something of the item is there, which it seldom is. */
function builder(members: readonly Member[]): (run: Run) => Tree | undefined {
  const [constant, sourced] = [
    members.filter((member) => member.constant),
    members.filter((member) => !member.constant),
  ];
  const [deciding, further] = sourced.length > 0 ? [sourced, constant] : [constant, []];
  const asked = putting(deciding);
  const always = further.map(({ put }) => put);
  return (run) => {
    const out: Tree = {};
    let any = false;
    let lacking: Lacking[] | undefined;
    for (const put of asked(run)) {
      const done = put(run, out);
      if (done === true) any = true;
      else if (done !== false) lacking = [...(lacking ?? []), done];
    }
    if (!any) return undefined;
    for (const put of always) {
      const done = put(run, out);
      if (typeof done === 'function') lacking = [...(lacking ?? []), done];
    }
    if (lacking) for (const lack of lacking) lack(out);
    return out;
  };
}

/** @param entries only elements */
export function compileMembers(
  entries: readonly Entry[],
  type: string,
  where: { readonly path: string; readonly at: Position },
  at: Place,
  world: World,
  required = requiredElements(type),
): Member[] {
  const members: Member[] = [];
  const given = new Map<string, string>();
  for (const entry of entries) {
    const element = elementAt(entry, type, where.path, world);
    if (!element) continue;
    const other = element.choice && given.get(element.choice);
    if (other)
      world.problems.add(
        entry.at,
        `${element.choice} is given twice: as ${other} and ${entry.key}`,
        'keep one; !firstOf chooses',
      );
    given.set(element.choice ?? element.name, entry.key);
    const { made: member, reads } = world.reading(() =>
      compileMember(entry, element, { ...where, path: `${where.path}.${entry.key}` }, world),
    );
    if (!member) continue;
    const demanded = required.some(({ name, choice }) => (choice ?? name) === (element.choice ?? element.name));
    const put = world.traces ? entering(member.put, entry.key) : member.put;
    members.push({ constant: member.constant, reads, put: demanded ? orLacking(put, element) : put });
  }
  for (const { name, choice } of required)
    if (!given.has(choice ?? name))
      world.problems.add(at, `${where.path} needs ${name}`, `R4 demands it: write ${name}: …`);
  return members;
}

function elementAt(entry: Entry, type: string, path: string, world: World): Element | undefined {
  const { key, at } = entry;
  const refused =
    Object.hasOwn(NOT_WRITTEN, key) && !['Element', 'Extension'].includes(type) ? NOT_WRITTEN[key] : undefined;
  if (refused) {
    world.problems.add(at, `${path}.${key} is not written in maps`, refused);
    return undefined;
  }
  const element = elementOf(type, key);
  if (element) return element;
  const wrong = choiceTypes(type, key);
  if (wrong)
    world.problems.add(
      at,
      `${path}.${key}: ${wrong.choice} has no such type`,
      `its types: ${wrong.types.slice(0, 15).join(', ')}`,
    );
  else if (key.startsWith('+') || key.includes('.'))
    world.problems.add(at, `${key} stands in overlays only, for a resource of the base`, 'write the element itself');
  else world.problems.add(at, `${path} has no element ${key}`, didYouMean(key, elementNames(type), 'elements'));
  return undefined;
}

function compileMember(
  entry: Entry,
  element: Element,
  where: { path: string; at: Position },
  world: World,
): Omit<Member, 'reads'> | undefined {
  const target: Target = {
    allowed: [...element.properties.keys()],
    element,
    path: where.path,
    array: element.array,
    at: where.at,
  };
  const name = entry.key;
  if (element.array) {
    const values = compileItems(entry.value, target, world);
    return values && listMember(name, values);
  }
  const value = compileValue(entry.value, target, world);
  return value && singleMember(name, element, once(value));
}

/** A part that is the same for every item is made once. */
function once(value: Value): Value {
  const isPart = value.constant && !value.many && value.types.some((type) => /^[A-Z]/.test(type));
  return isPart ? { ...value, get: rememberConstant(value.get) } : value;
}

/** One of the values of a list. */
interface Item extends Value {
  readonly reads: Reads;
}

/** The values of a list: each may give several. */
function compileItems(node: Node, target: Target, world: World): Item[] | undefined {
  const compileItem = (item: Node): Item | undefined => {
    const { made, reads } = world.reading(() => compileValue(item, target, world));
    return made && { ...once(made), reads };
  };
  if (node.kind !== 'list' || node.tag !== undefined) {
    const value = compileItem(node);
    return value && [value];
  }
  if (node.items.length === 0) {
    world.problems.add(node.at, `${target.path} is an empty list`, 'give values, or delete the line');
    return undefined;
  }
  const values = (node as ListNode).items.map(compileItem);
  return values.every((value) => value !== undefined) ? values : undefined;
}

function listMember(name: string, values: readonly Item[]): Omit<Member, 'reads'> {
  const asked = planned<undefined, unknown>(
    values.map(({ get }) => get),
    values.map(({ reads }) => reads),
  );
  return {
    constant: values.every((value) => value.constant),
    put(run, out) {
      let list: unknown[] | undefined;
      for (const get of asked(run)) list = added(list, get(run, undefined));
      if (list === undefined) return false;
      out[name] = list;
      return true;
    },
  };
}

/** The list with what one of its values gave. A list of one is made as such, since one that grows takes room for many. */
function added(list: unknown[] | undefined, made: unknown): unknown[] | undefined {
  if (made === undefined || made instanceof Absent) return list;
  if (Array.isArray(made)) {
    if (made.length === 0) return list;
    return list ? [...list, ...made] : made.slice();
  }
  const one = made instanceof Typed ? made.value : made;
  if (!list) return [one];
  list.push(one);
  return list;
}

function singleMember(name: string, element: Element, value: Value): Omit<Member, 'reads'> {
  const one = value.types.length === 1 ? element.properties.get(value.types[0]!) : undefined;
  const property = one?.name ?? name;
  const { get } = value;
  return {
    constant: value.constant,
    put(run, out) {
      const made = get(run);
      if (made === undefined) return false;
      if (made instanceof Absent) return putAbsent(made, element, value, out);
      if (made instanceof Typed) putTyped(made, element, name, out);
      else out[property] = made;
      return true;
    },
  };
}

function putTyped({ type, value, beside }: Typed, element: Element, name: string, out: Tree): void {
  const own = element.properties.get(type)?.name ?? name;
  if (value !== undefined) out[own] = value;
  if (beside) for (const key of Object.keys(beside)) out[key === '_' ? `_${own}` : key] ??= beside[key];
}

/** Of an element that R4 demands; not for an object that has demands of its own. */
function orLacking(put: Put, element: Element): Put {
  const one = element.properties.get('CodeableConcept') ?? [...element.properties.values()][0]!;
  if (!one.property.primitive && requiredElements(one.property.type).length > 0) return put;
  const property = one.property.primitive ? `_${one.name}` : one.name;
  const lacking = (out: Tree) => {
    const content = { extension: [{ url: DATA_ABSENT, valueCode: 'unknown' }] };
    out[property] ??= element.array ? [content] : content;
  };
  return (run, out) => put(run, out) || lacking;
}

/** data-absent-reason: of a primitive beside it, of an object within it. */
function putAbsent(absent: Absent, element: Element, value: Value, out: Tree): boolean {
  const type = value.types[0]!;
  const { name, property } = element.properties.get(type) ?? [...element.properties.values()][0]!;
  const extension = [{ url: DATA_ABSENT, valueCode: absent.reason }];
  out[property.primitive ? `_${name}` : name] = { extension };
  return true;
}

/** In a trace, what is read is read for this element. */
function entering(put: Put, name: string): Put {
  return (run, out) => {
    const before = run.element;
    run.element = `${before}.${name}`;
    const done = put(run, out);
    run.element = before;
    return done;
  };
}
