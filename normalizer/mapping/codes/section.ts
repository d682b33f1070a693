/** The `codes` part of a map. */
import { digest, type FileDigest, fetch, type LoadFile } from '../load.ts';
import { didYouMean, type Problems } from '../problems.ts';
import { entryOf } from '../sources/format.ts';
import type { MapNode, Node } from '../yaml.ts';
import { type CodeEntry, CodeMap, type CodeTarget } from './code-map.ts';
import { parseConceptMap } from './concept-map.ts';
import { parseCodeCsv } from './csv.ts';

const OPTIONS = ['system', 'source', 'map', 'file', 'default', 'fold'];

/** @param files gets the digests of the files that were read */
export function compileCodeMaps(
  node: Node | undefined,
  load: LoadFile,
  files: FileDigest[],
  problems: Problems,
): Map<string, CodeMap> {
  const maps = new Map<string, CodeMap>();
  if (!node) return maps;
  if (node.kind !== 'map') {
    problems.add(node.at, 'codes are named code maps', 'write codes: { sex: { map: { M: male } } }');
    return maps;
  }
  for (const { key, at, value } of node.entries) {
    if (value.kind === 'map') maps.set(key, compileOne(key, value, load, files, problems));
    else problems.add(at, `the code map ${key} has no entries`, 'write map: { a: b }, or file: a.csv');
  }
  return maps;
}

function compileOne(name: string, node: MapNode, load: LoadFile, files: FileDigest[], problems: Problems): CodeMap {
  for (const { key, at } of node.entries)
    if (!OPTIONS.includes(key)) problems.add(at, `a code map has no part ${key}`, didYouMean(key, OPTIONS, 'parts'));
  const text = (key: string) => {
    const value = entryOf(node.entries, key)?.value;
    if (!value || value.kind === 'scalar') return value?.text;
    problems.add(value.at, `${key} of a code map is a text`, `write ${key}: …`);
    return undefined;
  };
  const inline = entryOf(node.entries, 'map')?.value;
  const file = entryOf(node.entries, 'file')?.value;
  if (!inline && !file)
    problems.add(node.at, `the code map ${name} has no entries`, 'write map: { a: b }, or file: a.csv');
  const read =
    file?.kind === 'scalar' ? fileEntries(file.text, file, load, files, problems) : { entries: [], source: undefined };
  const own = inline ? inlineEntries(inline, problems) : [];
  const written = new Set(own.map(({ source }) => source));
  const fallback = entryOf(node.entries, 'default')?.value;
  return new CodeMap(name, [...read.entries.filter(({ source }) => !written.has(source)), ...own], {
    system: text('system'),
    source: text('source') ?? read.source,
    default: fallback && targetOf(fallback, problems),
    fold: text('fold') === 'true',
  });
}

function inlineEntries(node: Node, problems: Problems): CodeEntry[] {
  if (node.kind !== 'map') {
    problems.add(node.at, 'the entries of a code map are written as code: code', 'write map: { M: male }');
    return [];
  }
  return node.entries.flatMap(({ key, value }) => {
    const list = value.kind === 'list' ? value.items : [value];
    return list.flatMap((item) => {
      const target = targetOf(item, problems);
      return target ? [{ source: key, target, line: item.at.line }] : [];
    });
  });
}

/** `male`, or `{ code, display, system }`. */
function targetOf(node: Node, problems: Problems): CodeTarget | undefined {
  if (node.kind === 'scalar') return { code: node.text };
  const entries = node.kind === 'map' ? node.entries : [];
  const text = (key: string) => {
    const value = entryOf(entries, key)?.value;
    return value?.kind === 'scalar' ? value.text : undefined;
  };
  const [code, display, system] = [text('code'), text('display'), text('system')];
  const odd = entries.find(({ key }) => !['code', 'display', 'system'].includes(key));
  if (code === undefined || odd) {
    problems.add(
      odd?.at ?? node.at,
      odd ? `a target code has no part ${odd.key}` : 'the target has no code',
      'write a code, or { code, display, system }',
    );
    return undefined;
  }
  return { code, ...(display ? { display } : {}), ...(system ? { system } : {}) };
}

function fileEntries(reference: string, node: Node, load: LoadFile, files: FileDigest[], problems: Problems) {
  const nothing = { entries: [] as readonly CodeEntry[], source: undefined as string | undefined };
  const found = fetch(reference, node.at, node.at.file, load, problems);
  if (!found) return nothing;
  if (!files.some(({ file }) => file === found.file)) files.push({ file: found.file, sha256: digest(found.text) });
  const json = reference.endsWith('.json');
  if (!json && !reference.endsWith('.csv')) {
    problems.add(node.at, 'a code map is a .csv or a ConceptMap as .json', 'rename or convert the file');
    return nothing;
  }
  const parsed = json ? parseConceptMap(found.text) : parseCodeCsv(found.text);
  for (const { line, message, hint } of parsed.faults)
    problems.add({ file: found.file, line, column: 1 }, message, hint);
  return { entries: parsed.entries, source: 'source' in parsed ? (parsed as { source?: string }).source : undefined };
}
