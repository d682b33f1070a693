/** An FML map as a map of ours: what the engine has a word for, and a list of what it could not take. */
import { definitionOf } from '../../../normalizer/gate/definitions.ts';
import { elementOf } from '../../../normalizer/mapping/shapes.ts';
import { conditionOf } from './condition.ts';
import { type FmlGroup, type FmlMap, type FmlRule, type FmlTarget, fmlFault } from './model.ts';
import { leafOf, mapName } from './transform.ts';
import { Part, ResourcePart, text } from './tree.ts';

export interface Imported {
  /** YAML. */
  readonly map: string;
  readonly left: readonly { readonly line: number; readonly what: string }[];
}

export type ImportSource = 'json' | 'table';

/** Where a source variable stands: a path below the item of the loop of that depth. */
interface Place {
  readonly path: string;
  readonly depth: number;
}

interface Env {
  readonly sources: ReadonlyMap<string, Place>;
  /** `bundle` and `entry` are what the bridge writes by itself around resources. */
  readonly targets: ReadonlyMap<string, Part | 'bundle' | 'entry'>;
  readonly depth: number;
  readonly groups: readonly string[];
}

/** Where the target of a rule is made. */
interface At {
  readonly inner: Env;
  readonly here: Place;
  /** In the terms of the part, which may be the turn of a loop. */
  condition(loop: boolean): string | undefined;
  readonly loops: boolean;
  readonly variable: string | undefined;
}

export function translate(map: FmlMap, name: string, source: ImportSource): Imported {
  const work = new Translation(map, source);
  work.start();
  return { map: work.yaml(name), left: [...work.left].sort((a, b) => a.line - b.line) };
}

class Translation {
  readonly left: { line: number; what: string }[] = [];
  readonly #map: FmlMap;
  readonly #source: ImportSource;
  readonly #resources: ResourcePart[] = [];

  constructor(map: FmlMap, source: ImportSource) {
    this.#map = map;
    this.#source = source;
  }

  start(): void {
    for (const url of this.#map.imports)
      this.left.push({ line: 1, what: `imports ${url}: give its groups in the same file` });
    const called = new Set(this.#map.groups.flatMap(({ rules }) => callsOf(rules)));
    const [group] = this.#map.groups.filter(({ name }) => !called.has(name));
    if (!group) throw fmlFault(1, 'the map has no group to begin with');
    const [from, ...moreSources] = group.inputs.filter(({ mode }) => mode === 'source');
    const targets = group.inputs.filter(({ mode }) => mode === 'target');
    if (!from || targets.length === 0)
      throw fmlFault(group.line, `the group ${group.name} needs a source and a target`);
    for (const { name } of moreSources)
      this.left.push({ line: group.line, what: `source ${name}: an item has one source` });
    const bound = targets.map(({ name, type }) => [name, this.#startTarget(type ?? name, group.line)] as const);
    this.#run(group, {
      sources: new Map([[from.name, { path: '', depth: 0 }]]),
      targets: new Map(bound),
      depth: 0,
      groups: [group.name],
    });
    for (const { name, line } of this.#map.groups)
      if (!this.#used.has(name)) this.left.push({ line, what: `group ${name} is called by nobody` });
  }

  readonly #used = new Set<string>();

  #startTarget(type: string, line: number): Part | 'bundle' {
    const canonical = this.#map.uses.get(type) ?? type;
    const name = canonical.slice(canonical.lastIndexOf('/') + 1);
    if (name === 'Bundle') return 'bundle';
    return this.#resource(name, line);
  }

  #resource(type: string, line: number): ResourcePart {
    if (definitionOf(type)?.kind !== 'resource') this.left.push({ line, what: `${type} is no resource of R4` });
    const known = this.#resources.filter((one) => one.type === type).length;
    const base = type[0]!.toLowerCase() + type.slice(1);
    const resource = new ResourcePart(type, known === 0 ? base : `${base}${known + 1}`);
    this.#resources.push(resource);
    return resource;
  }

  #run(group: FmlGroup, env: Env): void {
    this.#used.add(group.name);
    if (group.extends) {
      const base = this.#map.groups.find(({ name }) => name === group.extends);
      if (base && !env.groups.includes(base.name))
        this.#call(
          base,
          group.inputs.map(({ name }) => name),
          { ...env, groups: [...env.groups, base.name] },
          group.line,
        );
      else this.left.push({ line: group.line, what: `extends ${group.extends}: there is no such group in the file` });
    }
    for (const rule of group.rules) this.#rule(rule, env);
  }

  #rule(rule: FmlRule, env: Env): undefined {
    const fail = (what: string) => this.#fail(rule.line, what);
    const [source, ...more] = rule.sources;
    if (!source || more.length > 0) return fail('a rule with several sources');
    if (source.extra.length > 0) return fail(`the source says ${source.extra.join(', ')}`);
    const base = env.sources.get(source.context);
    if (!base) return fail(`${source.context} is no source`);
    const here: Place = source.element ? { path: joined(base.path, source.element), depth: base.depth } : base;
    const sources = new Map(env.sources);
    if (source.variable) sources.set(source.variable, here);
    const nests = rule.rules.length > 0 || rule.calls.length > 0;
    const where = source.condition;
    const condition = (loop: boolean) =>
      where && this.#condition(where, source.variable, here, { ...env, sources }, loop);
    if (where !== undefined && condition(false) === undefined) return fail(`where ${where}: it has no form in the map`);

    let inner: Env = { ...env, sources };
    for (const target of rule.targets) {
      // A second part of the same rule stands in the turn that the first one has opened.
      const turned = inner.depth > env.depth;
      const at = {
        inner,
        here: turned ? { path: '', depth: inner.depth } : here,
        condition,
        variable: source.variable,
      };
      const next = this.#target(target, rule, { ...at, loops: !turned && nests && source.element !== undefined });
      if (next) inner = next;
    }
    if (rule.targets.length === 0 && where && nests)
      return fail('a condition over rules that make no element of their own');
    for (const below of rule.rules) this.#rule(below, inner);
    for (const { group, parameters } of rule.calls) {
      const found = this.#map.groups.find(({ name }) => name === group);
      if (!found) fail(`group ${group} is not in the file`);
      else if (inner.groups.includes(group)) fail(`group ${group} calls itself`);
      else this.#call(found, parameters, { ...inner, groups: [...inner.groups, group] }, rule.line);
    }
    return undefined;
  }

  #fail(line: number, what: string): undefined {
    this.left.push({ line, what });
    return undefined;
  }

  #call(group: FmlGroup, parameters: readonly string[], env: Env, line: number): void {
    const sources = new Map<string, Place>();
    const targets = new Map<string, Part | 'bundle' | 'entry'>();
    for (const [index, { name, mode }] of group.inputs.entries()) {
      const given = parameters[index] ?? '';
      const place = env.sources.get(given);
      const part = env.targets.get(given);
      if (mode === 'source' && place) sources.set(name, place);
      else if (mode === 'target' && part) targets.set(name, part);
      else this.left.push({ line, what: `${group.name}: nothing is given for ${name}` });
    }
    this.#run(group, { ...env, sources, targets });
  }

  /** @returns the names that rules below see, where the target made a part */
  #target(target: FmlTarget, rule: FmlRule, at: At): Env | undefined {
    const { inner, here, condition } = at;
    const fail = (what: string) => this.#fail(rule.line, what);
    const into = target.context === undefined ? undefined : inner.targets.get(target.context);
    const created = target.transform === 'create' ? createdType(target) : undefined;
    if (target.context === undefined) {
      if (!created) return fail(`${target.transform} makes nothing that is placed`);
      return this.#bind(inner, target.variable, this.#loop(this.#resource(created, rule.line), at), at);
    }
    if (into === 'bundle' || into === 'entry') return this.#inBundle(target, into, created, rule, at);
    if (!into) return fail(`${target.context} is no target`);
    if (!target.element)
      return target.variable
        ? this.#bind(inner, target.variable, into, at)
        : fail(`nothing of ${target.context} is set`);
    if (target.element === 'id') return fail('id: ids are made from keys');
    const element = into.type ? elementOf(into.type, target.element) : undefined;
    const makesPart = created !== undefined || (target.transform === undefined && target.variable !== undefined);
    if (!makesPart) {
      const asCopy: FmlTarget = target.transform
        ? target
        : { ...target, transform: 'copy', parameters: [{ variable: '' }] };
      const leaf = leafOf(asCopy, {
        address: (variable) => (variable === '' ? this.#address(here, inner.depth) : this.#variable(variable, inner)),
        resource: (variable) => nameOf(inner.targets.get(variable)),
      });
      if (typeof leaf !== 'string') return fail(`${target.element} = ${leaf.left}`);
      const only = condition(false);
      into.add(target.element, only ? `{ if: ${text(only)}, then: ${quotedFlow(leaf)} }` : leaf);
      return undefined;
    }
    if (created && definitionOf(created)?.kind === 'resource')
      return fail('contained resources: refer to a resource instead');
    const type = created ?? (element ? [...element.properties.keys()][0] : undefined);
    const part = new Part(type);
    into.add(target.element, part);
    return this.#bind(
      inner,
      target.variable,
      element?.array === false ? conditional(part, condition(false)) : this.#loop(part, at),
      at,
    );
  }

  #inBundle(
    target: FmlTarget,
    into: 'bundle' | 'entry',
    created: string | undefined,
    rule: FmlRule,
    at: At,
  ): Env | undefined {
    if (into === 'bundle' && target.element === 'entry') return this.#bind(at.inner, target.variable, 'entry', at);
    if (into === 'entry' && target.element === 'resource' && created)
      return this.#bind(at.inner, target.variable, this.#loop(this.#resource(created, rule.line), at), at);
    this.left.push({
      line: rule.line,
      what: `Bundle ${target.element ?? ''}: the bridge writes the bundle around the resources`,
    });
    return undefined;
  }

  /** A part that is made once for each value of the rule's source. */
  #loop(part: Part, { inner, here, condition, loops }: At): Part {
    const turns = loops && this.#source === 'json' && here.path !== '';
    if (turns) part.each = `'${this.#address(here, inner.depth)}[*]'`;
    return conditional(part, condition(turns));
  }

  #condition(where: string, variable: string | undefined, here: Place, env: Env, loop: boolean): string | undefined {
    const place = loop ? { path: '', depth: env.depth + 1 } : here;
    const sources = new Map(env.sources);
    if (variable) sources.set(variable, place);
    const inside = { ...env, sources, depth: loop ? env.depth + 1 : env.depth };
    return conditionOf(where, (path) => this.#conditionAddress(path, place, inside));
  }

  #bind(
    env: Env,
    variable: string | undefined,
    part: Part | 'bundle' | 'entry',
    at: { here: Place; variable: string | undefined },
  ): Env {
    const targets = new Map(env.targets);
    if (variable) targets.set(variable, part);
    const isLoop = part instanceof Part && part.each !== undefined;
    const sources = new Map(env.sources);
    if (isLoop && at.variable) sources.set(at.variable, { path: '', depth: env.depth + 1 });
    return { ...env, targets, sources, depth: isLoop ? env.depth + 1 : env.depth };
  }

  #variable(name: string, env: Env): string | undefined {
    const [first = '', ...rest] = name.split('.');
    const place = env.sources.get(first);
    return place && this.#address({ ...place, path: joined(place.path, rest.join('.')) }, env.depth);
  }

  /** The first step of a path is a variable, `$this`, or an element of where the rule stands. */
  #conditionAddress(path: string, here: Place, env: Env): string | undefined {
    if (path === '$this') return this.#address(here, env.depth);
    const own = path.replace(/^\$this\./, '');
    return this.#variable(own, env) ?? this.#address({ ...here, path: joined(here.path, own) }, env.depth);
  }

  #address({ path, depth }: Place, at: number): string {
    const steps = '../'.repeat(at - depth);
    return `$${steps}${path === '' ? '.' : path}`;
  }

  yaml(name: string): string {
    const maps = this.#map.conceptMaps.map(({ name: map, codes }) => {
      const targets = codes.map(
        ({ source, target, system }) =>
          `${text(source)}: ${system ? `{ system: ${text(system)}, code: ${text(target)} }` : text(target)}`,
      );
      return `  ${mapName(map)}: { map: { ${targets.join(', ')} } }`;
    });
    const resources = this.#resources.flatMap((resource) => [
      `  - ${resource.type}: ${resource.name}`,
      `    key: [${keyOf(resource).join(', ')}]`,
      ...resource.lines().map((line) => `    ${line}`),
    ]);
    return `${[
      `# Imported from the StructureMap ${this.#map.url || this.#map.name}. Read the keys and the owner before you use it:`,
      '# FML has no word for them. A key is what makes a later item meet the same resource again.',
      `map: ${name}`,
      'version: 0.1.0',
      `source: ${this.#source}`,
      ...(maps.length > 0 ? ['codes:', ...maps] : []),
      'owner: none',
      'resources:',
      ...resources,
    ].join('\n')}\n`;
  }
}

/** The business identifier where there is one, else the item and the first values: a person has to look at it. */
function keyOf(resource: Part): string[] {
  const own = resource.entries.get('identifier')?.flatMap((part) => addressesOf(part)) ?? [];
  if (own.length > 0) return own.slice(0, 1).map(quotedFlow);
  return [
    "'${sourceKey}'",
    ...[...resource.entries.values()]
      .flat()
      .flatMap((part) => addressesOf(part))
      .slice(0, 3)
      .map(quotedFlow),
  ];
}

/** Addresses of all values of a part, in the terms of what is around it. */
function addressesOf(part: Part | string): string[] {
  if (typeof part === 'string')
    return part.match(/\$[\p{L}_][\p{L}\p{N}_.]*/gu)?.slice(0, 1) ?? (part === '$.' ? ['$.'] : []);
  const below = [...part.entries.values()].flat().flatMap((one) => addressesOf(one));
  const each = part.each?.slice(1, -'[*]'.length - 1);
  if (!each) return below;
  return below.map((address) => (address === '$.' ? each : `${each}.${address.slice(1)}`));
}

function conditional(part: Part, condition: string | undefined): Part {
  if (condition) part.condition = condition;
  return part;
}

function createdType({ parameters }: FmlTarget): string | undefined {
  const [first] = parameters;
  return first && 'literal' in first ? String(first.literal) : first?.variable;
}

function nameOf(part: Part | string | undefined): string | undefined {
  return part instanceof ResourcePart ? part.name : undefined;
}

function joined(path: string, more: string): string {
  return path && more ? `${path}.${more}` : path || more;
}

function quotedFlow(leaf: string): string {
  return leaf.startsWith('$') && /[[\]{},]/.test(leaf) ? `'${leaf}'` : leaf;
}

function callsOf(rules: readonly FmlRule[]): string[] {
  return rules.flatMap(({ calls, rules: below }) => [...calls.map(({ group }) => group), ...callsOf(below)]);
}
