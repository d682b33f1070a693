/** The maps that we ship, compiled when first asked for. */
import { type CompiledMap, compileLoaded, type Language } from './compile.ts';
import table from './generated/standard.json' with { type: 'json' };
import type { LoadedFile, LoadFile } from './load.ts';
import { unpackTree } from './packed.ts';

/** By path below `maps/`. */
const shipped: Readonly<Record<string, { readonly text: string; readonly tree?: string }>> = table;
const compiled = new Map<string, CompiledMap>();

/** Path of a shipped map below `maps/`, without its ending: `table/lis`. */
export function standardNames(): string[] {
  return Object.keys(shipped)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length));
}

/**
 * @param name as `standardNames` has it
 * @param formats that of the map's source at least
 */
export function standardMap(name: string, formats: Language['formats']): CompiledMap {
  let map = compiled.get(name);
  if (!map) {
    map = compileLoaded(loadStandard(`standard/${name}`, '')!, withStandard(), { parse: parsed, formats });
    compiled.set(name, map);
  }
  return map;
}

/** Shipped maps name shipped maps only, which have their trees. */
const parsed = () => undefined;

/** Fetches shipped files, and others by `load`: what the shipped ones name is shipped, too. */
export function withStandard(load?: LoadFile): LoadFile {
  return (reference, from) => {
    const found = loadStandard(reference, from);
    if (found) return found;
    if (!load || reference.startsWith('standard/') || from.startsWith('maps/')) throw new Error('no such file');
    return load(reference, from);
  };
}

function loadStandard(reference: string, from: string): LoadedFile | undefined {
  const beside = from.startsWith('maps/') ? from.slice('maps/'.length).replace(/[^/]*$/, '') : undefined;
  const path = reference.startsWith('standard/')
    ? `${reference.slice('standard/'.length)}.yaml`
    : beside === undefined
      ? undefined
      : beside + reference;
  if (path === undefined || !Object.hasOwn(shipped, path)) return undefined;
  const [file, { text, tree }] = [`maps/${path}`, shipped[path]!];
  return tree === undefined ? { file, text } : { file, text, tree: unpackTree(tree, file) };
}
