/** `node maps/make-table.ts`: the shipped maps as one table, so that the normaliser, which reads no files, has them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packTree } from '../normalizer/mapping/packed.ts';
import { Problems } from '../normalizer/mapping/problems.ts';
import { parseYaml } from '../normalizer/mapping/yaml.ts';

const TABLE = join(import.meta.dirname, '../normalizer/mapping/generated/standard.json');

/** Path below `maps/` → text, and of maps their tree (`packed.ts`); of maps and of the code files beside them, not of their tests. */
export function standardTable(): string {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  const shipped = files
    .filter((file) => /\.(yaml|csv|json)$/.test(file) && !/\.test\.|(^|\/)tests?\//.test(file))
    .sort();
  const entries = shipped.map((file) => {
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    return [file, file.endsWith('.yaml') ? { text, tree: treeOf(text, file) } : { text }];
  });
  return `${JSON.stringify(Object.fromEntries(entries), null, 1)}\n`;
}

/** @throws MapError */
function treeOf(text: string, file: string): string | undefined {
  const problems = new Problems();
  const tree = parseYaml(text, `maps/${file}`, problems);
  problems.throwIfAny();
  return tree && packTree(tree);
}

if (import.meta.main) writeFileSync(TABLE, standardTable());
