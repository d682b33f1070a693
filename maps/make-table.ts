/** `node maps/make-table.ts`: the shipped maps as one table, so that the normaliser, which reads no files, has them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TABLE = join(import.meta.dirname, '../normalizer/mapping/generated/standard.json');

/** Path below `maps/` → text; of maps and of the code files beside them, not of their tests. */
export function standardTable(): string {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  const shipped = files
    .filter((file) => /\.(yaml|csv|json)$/.test(file) && !/\.test\.|(^|\/)tests?\//.test(file))
    .sort();
  const texts = shipped.map((file) => [file, readFileSync(join(import.meta.dirname, file), 'utf8')]);
  return `${JSON.stringify(Object.fromEntries(texts), null, 1)}\n`;
}

if (import.meta.main) writeFileSync(TABLE, standardTable());
