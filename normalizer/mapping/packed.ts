/**
 * The tree of a map as a JSON text: shipped maps are read before they are shipped, since the YAML of one takes longer to parse
 * than everything else at the start of a process.
 */
import type { Entry, Node } from './yaml.ts';

const NULL = 0;
const PLAIN = 1;
const QUOTED = 2;
const LIST = 3;
const MAP = 4;

/**
 * Kind, line, column and tag (0 for none), then: of a scalar its text; of a list its items; of a map, for each entry, its key,
 * line, column and value.
 */
type Packed = [kind: number, line: number, column: number, tag: string | 0, ...rest: (string | number | Packed)[]];

export function packTree(tree: Node): string {
  return JSON.stringify(pack(tree));
}

function pack(node: Node): Packed {
  const based = (kind: number): Packed => [kind, node.at.line, node.at.column, node.tag ?? 0];
  switch (node.kind) {
    case 'null':
      return based(NULL);
    case 'scalar':
      return [...based(node.quoted ? QUOTED : PLAIN), node.text] as Packed;
    case 'list':
      return [...based(LIST), ...node.items.map(pack)] as Packed;
    case 'map':
      return [
        ...based(MAP),
        ...node.entries.flatMap(({ key, at, value }) => [key, at.line, at.column, pack(value)]),
      ] as Packed;
  }
}

/** @param file the map, for its places */
export function unpackTree(packed: string, file: string): Node {
  return unpack(JSON.parse(packed) as Packed, file);
}

function unpack([kind, line, column, tag, ...rest]: Packed, file: string): Node {
  const at = { file, line, column };
  const based = tag === 0 ? { at } : { at, tag };
  switch (kind) {
    case NULL:
      return { kind: 'null', ...based };
    case LIST:
      return { kind: 'list', ...based, items: rest.map((item) => unpack(item as Packed, file)) };
    case MAP:
      return { kind: 'map', ...based, entries: unpackEntries(rest, file) };
    default:
      return { kind: 'scalar', ...based, text: rest[0] as string, quoted: kind === QUOTED };
  }
}

function unpackEntries(packed: Packed[number][], file: string): Entry[] {
  return Array.from({ length: packed.length / 4 }, (_, index) => {
    const [key, line, column, value] = packed.slice(index * 4) as [string, number, number, Packed];
    return { key, at: { file, line, column }, value: unpack(value, file) };
  });
}
