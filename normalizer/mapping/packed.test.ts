import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packTree, unpackTree } from './packed.ts';
import { Problems } from './problems.ts';
import { standardNames } from './standard.ts';
import { parseYaml } from './yaml.ts';

const treeOf = (text: string) => parseYaml(text, 'm.yaml', new Problems())!;

test.each(standardNames())('%s is the same tree, with its places, when it was packed', (name) => {
  const tree = treeOf(readFileSync(join(import.meta.dirname, '../../maps', `${name}.yaml`), 'utf8'));
  expect(unpackTree(packTree(tree), 'm.yaml')).toEqual(tree);
});

test('what looks like something else stays what it was', () => {
  const tree = treeOf('a: "null"\nb: null\nc: !first [~, "", 0, \'0\']\nd: {}\ne: !x\n__proto__: [[]]\n');
  expect(unpackTree(packTree(tree), 'm.yaml')).toEqual(tree);
});
