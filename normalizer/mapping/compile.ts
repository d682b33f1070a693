/** A map → what can be run. Throws with every problem at once. */
import { type ErrorCode, codes as errorCodes } from '../../core/codes.ts';
import type { Mapping } from '../draft.ts';
import type { CodeMap } from './codes/code-map.ts';
import { compileCodeMaps } from './codes/section.ts';
import type { CompiledCondition } from './condition.ts';
import { groupsOf, structureOf } from './groups.ts';
import { digestOf, type FileDigest, type LoadedFile, type LoadFile, loadTree, type ParseMap } from './load.ts';
import { compileMatch, type Match } from './match.ts';
import { namedNodes } from './named.ts';
import { compileOwner, type OwnerRule } from './owner.ts';
import { didYouMean, MapError, type Place, Problems } from './problems.ts';
import { compileResources, nameResources, type Step } from './resources.ts';
import { entryOf, MAP_SOURCES, type MapSource, type SourceFormat, type SourceSetup } from './sources/format.ts';
import type { Position, Value } from './value.ts';
import { compileValue } from './values.ts';
import { type OutlineEntry, World } from './world.ts';
import type { MapNode, Node } from './yaml.ts';

export interface Refusal {
  readonly condition: CompiledCondition;
  readonly code: ErrorCode;
  readonly detail: string;
}

export interface CompiledMap {
  readonly name: string;
  readonly version: string;
  readonly title: string | undefined;
  readonly source: MapSource;
  /** Over the map, its bases and all files that they name; hex. */
  readonly sha256: string;
  /** The map first, then its bases, then code maps. */
  readonly files: readonly FileDigest[];
  readonly mapping: Mapping;
  readonly codes: ReadonlyMap<string, CodeMap>;
  /** What goes where, in the order of the map. */
  readonly outline: readonly OutlineEntry[];
  readonly format: SourceFormat;
  readonly setup: SourceSetup;
  readonly match: Match;
  readonly owner: OwnerRule;
  readonly refusals: readonly Refusal[];
  readonly occurred: Value | undefined;
  readonly steps: readonly Step[];
  /** The same map, telling what it reads; compiled when first asked for. */
  readonly traced: () => CompiledMap;
}

/** What maps may be written in and read; a process that needs little of it loads only that. */
export interface Language {
  readonly parse: ParseMap;
  readonly formats: Readonly<Partial<Record<MapSource, SourceFormat>>>;
}

const NOWHERE: Position = { resource: '', order: -1, lists: [0], key: false };

/**
 * @param map its file is for messages and for what it names
 * @param load fetches bases and code maps
 * @throws MapError (`map.invalid`) with all problems
 */
export function compileLoaded(map: LoadedFile, load: LoadFile, language: Language): CompiledMap {
  return compileFor(false, map, load, language);
}

function compileFor(traces: boolean, map: LoadedFile, load: LoadFile, { parse, formats }: Language): CompiledMap {
  const problems = new Problems();
  const { file } = map;
  const tree = loadTree(map, load, parse, problems);
  if (!tree) {
    problems.throwIfAny();
    throw new MapError([
      { file, line: 1, column: 1, message: 'the map cannot be read', hint: 'see the language reference' },
    ]);
  }
  const { root, files } = tree;
  const part = (key: string) => entryOf(root.entries, key)?.value;
  const source = sourceOf(part('source'), root, problems);
  const codeFiles: FileDigest[] = [];
  const codes = compileCodeMaps(part('codes'), load, codeFiles, problems);
  const name = textOf(
    part('map'),
    root.at,
    'map',
    /^[a-z][a-z0-9/-]{0,62}$/,
    'lower-case letters, digits, - and /',
    problems,
  );
  const version = textOf(part('version'), root.at, 'version', /^[\w.+-]{1,32}$/, 'for example 1.0.0', problems);
  const format = source && formats[source];
  if (!format) {
    problems.throwIfAny();
    throw new Error(`the format ${source} is not loaded`);
  }
  const structure = structureOf(part('structure'), source, problems);
  const setup: SourceSetup = {
    structure,
    groups: groupsOf(part('groups'), structure, source, problems),
    namespaces: namespacesOf(part('namespaces'), problems),
  };
  const world = new World({
    problems,
    traces,
    format,
    setup,
    codeMaps: codes,
    fragments: namedNodes(part('fragments'), problems),
    constants: namedNodes(part('constants'), problems),
  });
  for (const constant of world.constantNames) world.constant(constant);
  const resources = part('resources');
  if (!resources) problems.add(root.at, 'the map makes no resources', 'write resources: with a list of them');
  else nameResources(resources, world);
  const match = compileMatch(part('match'), world);
  const refusals = refusalsOf(part('refuse'), world);
  const owner = compileOwner(part('owner'), root.at, world, NOWHERE);
  const when = part('occurred');
  const occurred =
    when &&
    compileValue(
      when,
      { allowed: ['dateTime'], element: undefined, path: 'occurred', array: false, at: NOWHERE },
      world,
    );
  const steps = resources ? compileResources(resources, world) : [];
  problems.throwIfAny();
  const all = [...files, ...codeFiles];
  const sha256 = digestOf(all);
  let traced: CompiledMap | undefined;
  return {
    name,
    version,
    title: titleOf(part('title')),
    source,
    sha256,
    files: all,
    mapping: { name, version, sha256 },
    codes,
    outline: world.outline,
    format,
    setup,
    match,
    owner: owner!,
    refusals,
    occurred,
    steps,
    traced: () => {
      traced ??= compileFor(true, map, load, { parse, formats });
      return traced;
    },
  };
}

function titleOf(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' ? node.text : undefined;
}

function textOf(
  node: Node | undefined,
  at: Place,
  key: string,
  form: RegExp,
  hint: string,
  problems: Problems,
): string {
  if (node?.kind === 'scalar' && form.test(node.text)) return node.text;
  problems.add(
    node?.at ?? at,
    node ? `${key} has not the form of one` : `the map has no ${key}`,
    node ? hint : `write ${key}: …, ${hint}`,
  );
  return '';
}

function sourceOf(node: Node | undefined, root: MapNode, problems: Problems): MapSource | undefined {
  const written = node?.kind === 'scalar' ? node.text : '';
  const known = MAP_SOURCES.find((kind) => kind === written);
  if (!known)
    problems.add(
      node?.at ?? root.at,
      node ? `there is no source ${written}` : 'the map has no source',
      didYouMean(written, MAP_SOURCES, 'sources'),
    );
  return known;
}

function namespacesOf(node: Node | undefined, problems: Problems): Map<string, string> {
  const found = new Map<string, string>();
  for (const [prefix, value] of namedNodes(node, problems)) {
    if (value.kind === 'scalar') found.set(prefix, value.text);
    else problems.add(value.at, 'a name space is a URI', "write prefix: 'urn:…'");
  }
  return found;
}

function refusalsOf(node: Node | undefined, world: World): Refusal[] {
  if (!node) return [];
  const items = node.kind === 'list' ? node.items : [node];
  return items.flatMap((item) => {
    const entries = item.kind === 'map' ? item.entries : [];
    const [test, code, detail] = ['if', 'code', 'detail'].map((key) => entryOf(entries, key)?.value);
    for (const { key, at } of entries)
      if (!['if', 'code', 'detail'].includes(key))
        world.problems.add(at, `refuse has no part ${key}`, didYouMean(key, ['if', 'code', 'detail'], 'parts'));
    if (!test || detail?.kind !== 'scalar') {
      world.problems.add(
        item.at,
        'a refusal says if and detail',
        "write - { if: $X absent, code: item.format, detail: 'the row names no test' }",
      );
      return [];
    }
    const known = Object.keys(errorCodes).filter((one) => one.startsWith('item.'));
    const written = code?.kind === 'scalar' ? code.text : 'item.format';
    if (!known.includes(written))
      world.problems.add(code!.at, `${written} is no code of a refusal`, didYouMean(written, known, 'codes'));
    return [{ condition: world.condition(test), code: written as ErrorCode, detail: detail.text }];
  });
}
