#!/usr/bin/env node
// Plain JavaScript, so that any Node can start it: hands over to the Node that the project brings.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { keepCompiled } from './compile-cache.mjs';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const own = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));

keepCompiled();
if (Number(process.versions.node.split('.')[0]) >= 24) {
  await import(main);
} else if (existsSync(own)) {
  const child = spawn(own, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  // The terminal signals the whole group; only a signal sent to this process alone has to be passed on.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {});
  child.on('exit', (code, signal) => process.exit(signal ? 128 + (signal === 'SIGINT' ? 2 : 15) : code));
} else {
  process.stderr.write('error: dhc needs its packages\nhint: run `node setup.mjs` in the clone\n');
  process.exit(1);
}
