#!/usr/bin/env node
// Presents solc from npm (WASM) as the native compiler that forge calls: `--version` and `--standard-json`.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const solc = createRequire(import.meta.url)('solc');
if (process.argv.includes('--version')) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else {
  // All sources are in the input: nothing is looked for.
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')));
}
