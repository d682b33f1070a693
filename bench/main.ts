/** `npm run bench`: runs every bench, each in a process of its own; `npm run bench -- stream sealing` runs those named. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Not benches but what they stand on. */
const PARTS = new Set(['main', 'street', 'reference', 'hl7v2-messages', 'linuxforhealth']);

const folder = import.meta.dirname;
const all = readdirSync(folder)
  .flatMap((name) => /^([^.]+)\.ts$/.exec(name)?.[1] ?? [])
  .filter((name) => !PARTS.has(name));
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`error: there is no bench ${unknown.join(', ')}\nhint: there are ${all.join(', ')}\n`);
  process.exit(2);
}
for (const name of chosen.length > 0 ? chosen : all) {
  process.stdout.write(`\n${name}\n`);
  const { status } = spawnSync(process.execPath, [join(folder, `${name}.ts`)], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}
