/** Parts of a map that are written as `name: value`. */
import type { Problems } from './problems.ts';
import type { Node } from './yaml.ts';

export function namedNodes(node: Node | undefined, problems: Problems): Map<string, Node> {
  if (!node) return new Map();
  if (node.kind !== 'map') {
    problems.add(node.at, 'here stand names and their values', 'write name: value');
    return new Map();
  }
  return new Map(
    node.entries.map(({ key, at, value }) => {
      if (!/^[a-zA-Z][\w-]{0,62}$/.test(key)) problems.add(at, `${key} is no name`, 'letters, digits, - and _');
      return [key, value] as [string, Node];
    }),
  );
}
