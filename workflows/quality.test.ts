import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeManifest } from '../anchor/store/manifest.ts';
import { kuboBinary } from '../anchor/testing/kubo.ts';
import { listFeed, observations, startHospital, type TestHospital } from './testing/hospital.ts';

describe.skipIf(!kuboBinary)('quality of records', { timeout: 120_000 }, () => {
  let hospital: TestHospital;

  beforeAll(async () => {
    hospital = await startHospital();
  }, 120_000);
  afterAll(() => hospital.stop());

  test('a record that repeats an earlier one of its patient is worth little; the manifest states the mean', async () => {
    const first = observations(30);
    const again = first.slice(0, 3).map(({ body }, index) => ({
      key: `Observation/again-${index}`,
      body: body.replace(`CANARY-7731-${index}`, `again-${index}`),
    }));
    const feed = listFeed('list', [...first, ...again]);
    const bridge = await hospital.open('quality', [feed], { items: 30 });
    try {
      await bridge.startWorker();
      await bridge.runFeed('list');
      expect(await bridge.waitAnchored({ timeoutMs: 60_000 })).toBe(true);
      const [large, small] = await bridge.journal.batches({});
      const scores = (await bridge.journal.batchRecords(large!.id)).map((record) => record.score!);
      expect(scores).toHaveLength(30);
      const manifest = decodeManifest(await bridge.kubo.blockGet(large!.manifestCid!));
      expect(manifest.quality).toBe(Math.round(scores.reduce((sum, one) => sum + one, 0) / 30));
      expect(large!.quality).toBe(manifest.quality);
      const repeated = (await bridge.journal.batchRecords(small!.id)).map((record) => record.score!);
      expect(repeated).toEqual([0, 0, 0]);
      expect(Math.max(...scores)).toBeGreaterThan(3000);
      expect(decodeManifest(await bridge.kubo.blockGet(small!.manifestCid!)).quality).toBeUndefined();
    } finally {
      await bridge.close();
    }
  });
});
