/** Maps from files: what they name lies in their folder or below, or is shipped with the bridge. */
import { realpathSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { BridgeError } from '../../core/errors.ts';
import { type CompiledMap, compileMap, type LoadFile, withStandard } from '../../normalizer/mapping/index.ts';
import { readText } from './files.ts';

/** @throws BridgeError source.missing, item.charset; MapError (`map.invalid`) with all problems */
export function readMap(file: string): CompiledMap {
  return compileMap(readText(file), file, { load: loadBeside(file) });
}

/** For `compileMap`: nothing outside the folder of the map is read, also not over links. */
export function loadBeside(file: string): LoadFile {
  const folder = realpathSync(dirname(resolve(file)));
  return withStandard((reference, from) => {
    const path = resolve(dirname(from), reference);
    const real = realpathSync(path);
    if (relative(folder, real).startsWith('..'))
      throw new BridgeError('source.refused', 'the file lies outside the folder of the map');
    return {
      file: relative(process.cwd(), path).startsWith('..') ? path : relative(process.cwd(), path),
      text: readText(path),
    };
  });
}
