/** Which items a map takes. */
import { didYouMean } from './problems.ts';
import type { Run } from './run.ts';
import { entryOf } from './sources/format.ts';
import type { World } from './world.ts';
import type { Node } from './yaml.ts';

export type Match = (root: unknown, run: Run) => boolean;

export function compileMatch(node: Node | undefined, world: World): Match {
  if (!node) return () => true;
  if (node.kind !== 'map') {
    world.problems.add(
      node.at,
      'match names what the items have',
      `write match: { ${world.format.matchKeys[0]}: [ … ] }`,
    );
    return () => false;
  }
  const keys = [...world.format.matchKeys, 'feed', 'if'];
  const tests: Match[] = [];
  for (const { key, at, value } of node.entries) {
    if (key === 'if' || !keys.includes(key)) {
      if (key !== 'if')
        world.problems.add(at, `match has no ${key} for ${world.source}`, didYouMean(key, keys, 'parts'));
      continue;
    }
    const values = (value.kind === 'list' ? value.items : [value]).flatMap((item) =>
      item.kind === 'scalar' ? [item.text] : [],
    );
    if (values.length === 0) world.problems.add(value.at, `${key} names nothing`, `write ${key}: [a, b]`);
    tests.push(
      key === 'feed'
        ? (_root, run) => values.includes(run.draft.context.feed)
        : (root) => world.format.matches(root, key, values),
    );
  }
  const test = entryOf(node.entries, 'if');
  const condition = test && world.condition(test.value);
  return (root, run) => tests.every((one) => one(root, run)) && (!condition || condition.holds(run));
}
