/** A map's text, in all that the language has → what can be run. */
import { type CompiledMap, compileLoaded } from './compile.ts';
import type { LoadFile } from './load.ts';
import { formats } from './sources/index.ts';
import { parseYaml } from './yaml.ts';

export interface CompileOptions {
  /** Fetches bases and code maps; without it a map that names any is refused. */
  readonly load?: LoadFile;
}

const NO_FILES: LoadFile = () => {
  throw new Error('no files');
};

/**
 * @param file its name, for messages and for what it names
 * @throws MapError (`map.invalid`) with all problems
 */
export function compileMap(text: string, file: string, { load = NO_FILES }: CompileOptions = {}): CompiledMap {
  return compileLoaded({ file, text }, load, { parse: parseYaml, formats });
}
