import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLogFile } from './log-file.ts';
import { testFolder } from './testing/fixtures.ts';

test('a log stays within twice its limit, keeps the newest lines and goes on after a restart', () => {
  const path = join(testFolder(), 'logs', 'service.log');
  let log = openLogFile(path, 100);
  for (let n = 0; n < 50; n++) {
    if (n === 25) {
      log.close();
      log = openLogFile(path, 100);
    }
    log.write(Buffer.from(`line ${String(n).padStart(3, '0')}\n`));
  }
  log.close();
  const kept = readFileSync(`${path}.1`, 'utf8') + readFileSync(path, 'utf8');
  const lines = kept.trimEnd().split('\n');
  expect(kept.length).toBeLessThanOrEqual(200);
  expect(lines.at(-1)).toBe('line 049');
  expect(lines.map((line) => Number(line.slice(5)))).toEqual(lines.map((_, n) => 50 - lines.length + n));
});
