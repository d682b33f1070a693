import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sampleResults } from './results.ts';

describe('every sample gives its expected result', () => {
  test.each([...sampleResults()].map((result) => [result.path, result] as const))('%s', (path, { text }) => {
    expect(text).toBe(readFileSync(join(import.meta.dirname, path), 'utf8'));
  });
});
