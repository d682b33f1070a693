/** The mapping language: compile a map's text, run it over items. Pure: files are fetched by the caller's `load`. */

export { type CodeEntry, CodeMap, type CodeTarget } from './codes/code-map.ts';
export { parseConceptMap } from './codes/concept-map.ts';
export { parseCodeCsv } from './codes/csv.ts';
export type { CompiledMap } from './compile.ts';
export { type CompileOptions, compileMap } from './compile-text.ts';
export { CONVERTERS } from './convert/index.ts';
export { runMap, selectMap } from './execute.ts';
export type { LoadedFile, LoadFile } from './load.ts';
export { MapError, type MapProblem } from './problems.ts';
export { MAP_SOURCES, type MapSource } from './sources/format.ts';
export { standardMap, standardNames, withStandard } from './standard.ts';
export type { OutlineEntry } from './world.ts';
