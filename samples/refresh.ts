/** `node samples/refresh.ts`: writes the expected results of all samples anew. The diff is for reading. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sampleResults } from './results.ts';

for (const { path, text } of sampleResults()) {
  const file = join(import.meta.dirname, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
