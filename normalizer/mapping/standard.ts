/** The maps that we ship, compiled when first asked for. */
import { type CompiledMap, compileMap } from './compile.ts';
import table from './generated/standard.json' with { type: 'json' };
import type { LoadedFile, LoadFile } from './load.ts';

const texts: Readonly<Record<string, string>> = table;
const compiled = new Map<string, CompiledMap>();

/** Path of a shipped map below `maps/`, without its ending: `table/lis`. */
export function standardNames(): string[] {
  return Object.keys(texts)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length));
}

/** @param name as `standardNames` has it */
export function standardMap(name: string): CompiledMap {
  let map = compiled.get(name);
  if (!map) {
    const { file, text } = loadStandard(`standard/${name}`, '')!;
    map = compileMap(text, file, { load: withStandard() });
    compiled.set(name, map);
  }
  return map;
}

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
  if (path === undefined || !Object.hasOwn(texts, path)) return undefined;
  return { file: `maps/${path}`, text: texts[path]! };
}
