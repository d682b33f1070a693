/** A map with its bases as one tree: the overlay's parts laid over the base's. */
import { createHash } from 'node:crypto';
import { mergeTrees } from './overlay.ts';
import { didYouMean, type Place, type Problems } from './problems.ts';
import { entryOf } from './sources/format.ts';
import type { MapNode, Node } from './yaml.ts';

/** A file that a map names: another map, a code map. */
export interface LoadedFile {
  /** For messages, and the `from` of what it names itself. */
  readonly file: string;
  readonly text: string;
  /** Of a shipped map, which was parsed before it was shipped. */
  readonly tree?: Node;
}

/** The YAML of a map as a tree; undefined, mostly with problems, where there is none. */
export type ParseMap = (text: string, file: string, problems: Problems) => Node | undefined;

/**
 * Fetches what a map names. References are relative (`lis-to-loinc.csv`) or of the shipped maps (`standard/table/lis`);
 * they never hold `..`, a drive or a leading slash. Throws where there is no such file.
 */
export type LoadFile = (reference: string, from: string) => LoadedFile;

export interface FileDigest {
  readonly file: string;
  /** Hex. */
  readonly sha256: string;
}

export interface MapTree {
  readonly root: MapNode;
  /** The map itself first, then its bases. */
  readonly files: FileDigest[];
}

const KEYS = [
  'map',
  'version',
  'title',
  'source',
  'extends',
  'match',
  'constants',
  'codes',
  'structure',
  'groups',
  'namespaces',
  'fragments',
  'refuse',
  'owner',
  'occurred',
  'resources',
  'remove',
];
const MAX_BASES = 16;

export function loadTree(map: LoadedFile, load: LoadFile, parse: ParseMap, problems: Problems): MapTree | undefined {
  return read(map, load, parse, problems, [map.file]);
}

function read(
  { file, text, tree }: LoadedFile,
  load: LoadFile,
  parse: ParseMap,
  problems: Problems,
  chain: readonly string[],
): MapTree | undefined {
  const root = tree ?? parse(text, file, problems);
  if (!root) {
    if (problems.count === 0) problems.add({ file, line: 1, column: 1 }, 'the file is empty', 'begin with map: a name');
    return undefined;
  }
  if (root.kind !== 'map') {
    problems.add(root.at, 'a map is written as name: value', 'begin with map: a name');
    return undefined;
  }
  for (const { key, at } of root.entries)
    if (!KEYS.includes(key)) problems.add(at, `a map has no part ${key}`, didYouMean(key, KEYS, 'parts'));
  const own = { file, sha256: digest(text) };
  const base = entryOf(root.entries, 'extends');
  if (!base) return { root, files: [own] };
  if (base.value.kind !== 'scalar') {
    problems.add(base.value.at, 'extends names one map', 'write extends: standard/hl7v2/adt-a01');
    return undefined;
  }
  const found = fetch(base.value.text, base.value.at, file, load, problems);
  if (!found) return undefined;
  if (chain.includes(found.file) || chain.length > MAX_BASES) {
    problems.add(base.value.at, 'the map extends itself', 'break the circle');
    return undefined;
  }
  const below = read(found, load, parse, problems, [...chain, found.file]);
  if (!below) return undefined;
  return { root: mergeTrees(below.root, root, problems), files: [own, ...below.files] };
}

/** @returns undefined, with a problem, for a reference that is not allowed or not there */
export function fetch(
  reference: string,
  at: Place,
  from: string,
  load: LoadFile,
  problems: Problems,
): LoadedFile | undefined {
  if (
    !/^[\p{L}\p{N}_][\p{L}\p{N}_./ -]*$/u.test(reference) ||
    reference.split('/').includes('..') ||
    reference.includes('//')
  ) {
    problems.add(at, 'a map names only files beside or below it', 'write a relative path without .., or standard/…');
    return undefined;
  }
  try {
    return load(reference, from);
  } catch {
    problems.add(at, `there is no file ${reference}`, 'put it beside the map, or check its name');
    return undefined;
  }
}

export function digest(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** One hash over the map, its bases and all files that they name. */
export function digestOf(files: readonly FileDigest[]): string {
  if (files.length === 1) return files[0]!.sha256;
  return digest(files.map(({ sha256 }) => sha256).join('\n'));
}
