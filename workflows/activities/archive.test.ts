import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { pruneArchive } from './archive.ts';
import type { StepDeps } from './deps.ts';

const folder = mkdtempSync(join(tmpdir(), 'dhc-archive-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('only batches that are final for long enough leave the archive; later key packets stay', async () => {
  const old = '2026-01-01T00:00:00.000Z';
  const batches: Record<string, { state: string; finalAt: string | null }> = {
    aged: { state: 'final', finalAt: old },
    young: { state: 'final', finalAt: new Date().toISOString() },
    stored: { state: 'stored', finalAt: null },
  };
  const journal = {
    async batch(id: string) {
      if (!batches[id]) throw new RangeError('no such batch in the journal');
      return batches[id];
    },
  };
  for (const name of ['aged.car', 'young.car', 'stored.car', 'stored.car.part', 'capsules-bafy.car'])
    writeFileSync(join(folder, name), '');
  await pruneArchive({ journal, carFolder: folder, archiveDays: 30 } as unknown as StepDeps);
  expect(readdirSync(folder).sort()).toEqual(['capsules-bafy.car', 'stored.car', 'stored.car.part', 'young.car']);
});
