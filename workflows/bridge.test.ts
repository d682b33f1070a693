import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseReceipt } from '../anchor/chain/receipts.ts';
import { openRecord } from '../anchor/seal/record.ts';
import { decodeManifest } from '../anchor/store/manifest.ts';
import { BridgeError } from '../core/errors.ts';
import { type Bridge, dataPaths } from './bridge.ts';
import { CANARIES, listFeed, observations, startHospital, type TestHospital } from './testing/hospital.ts';

let hospital: TestHospital;

beforeAll(async () => {
  hospital = await startHospital();
});

afterAll(async () => {
  await hospital.stop();
});

/** One bridge at a time: its workers serve the task queues of all feeds. */
async function using<T>(bridge: Bridge, work: (bridge: Bridge) => Promise<T>): Promise<T> {
  try {
    await bridge.startWorker();
    return await work(bridge);
  } finally {
    await bridge.close();
  }
}

describe('the street', () => {
  it('takes every item from its source to a final receipt that opens to the very bundle', async () => {
    const settled: string[] = [];
    const feed = listFeed('street', observations(10), (keys, outcome) => settled.push(...keys.map(() => outcome)));
    await using(await hospital.open('street', [feed]), async (bridge) => {
      const progress = await bridge.runFeed('street');
      expect(progress).toMatchObject({ phase: 'done', batches: 3, read: 10, normalized: 10, stored: 10 });
      expect(await bridge.waitAnchored({ timeoutMs: 30_000 })).toBe(true);
      const [sums] = (await bridge.status()).feeds;
      expect(sums).toMatchObject({ read: 10, normalized: 10, deadLettered: 0, stored: 10, final: 10, holds: true });
      expect(settled.filter((outcome) => outcome === 'anchored')).toHaveLength(10);
      expect(bridge.spool.usage().items).toBe(0);

      const item = (await bridge.journal.items({ feed: 'street' }))[0]!;
      const receipt = parseReceipt(await bridge.journal.receipt(item.id));
      const manifest = decodeManifest(await bridge.kubo.blockGet(receipt.batch.manifest));
      expect(manifest.records[receipt.index]).toEqual(receipt.record);
      const content = await bridge.kubo.blockGet(receipt.record.contentCid);
      const capsule = await bridge.kubo.blockGet(receipt.record.capsuleCid);
      const privateKey = bridge.keystore.patientKeys(item.patientRef!);
      const { bundle } = openRecord({ content, capsule, privateKey });
      expect(JSON.parse(Buffer.from(bundle).toString()).resourceType).toBe('Bundle');
      expect(Buffer.from(bundle).includes('Zhang-Canary')).toBe(true);
    });
  });

  it('reads nothing twice when it runs again, and takes up what came meanwhile', async () => {
    const items = observations(3, 100);
    await using(await hospital.open('again', [listFeed('again', items)]), async (bridge) => {
      await bridge.runFeed('again');
      expect(await bridge.runFeed('again')).toMatchObject({ read: 0, phase: 'done' });
      items.push(...observations(2, 200));
      expect(await bridge.runFeed('again')).toMatchObject({ read: 2 });
      expect((await bridge.journal.accounting())[0]).toMatchObject({ read: 5, duplicates: 0, holds: true });
      expect((await bridge.journal.runs()).map((run) => run.state)).toEqual(['done', 'done', 'done']);
    });
  });

  it('stops after the steps in hand when it is cancelled, and the next run goes on', async () => {
    await using(await hospital.open('cancel', [listFeed('cancel', observations(40, 300))]), async (bridge) => {
      const stop = new AbortController();
      const progress = await bridge.runFeed('cancel', {
        signal: stop.signal,
        onProgress: ({ read }) => read > 0 && stop.abort(),
      });
      expect(progress.phase).toBe('cancelled');
      expect(progress.read).toBeLessThan(40);
      expect((await bridge.journal.accounting())[0]!.holds).toBe(true);
      expect((await bridge.runFeed('cancel')).phase).toBe('done');
      expect(await bridge.waitAnchored({ timeoutMs: 60_000 })).toBe(true);
      expect((await bridge.journal.accounting())[0]).toMatchObject({ read: 40, final: 40, duplicates: 0, holds: true });
    });
  });
});

describe('dead letters', () => {
  it('keeps refused items until they are retried, from the spool and from the source, never doubling', async () => {
    const good = observations(2, 400);
    const broken = { key: 'Observation/broken', body: '{"resourceType": "Observation"' };
    const huge = { ...observations(1, 500)[0]!, size: 70_000 };
    const feeds = [listFeed('letters', [...good, broken, huge])];
    await using(await hospital.open('letters', feeds), async (bridge) => {
      expect(await bridge.runFeed('letters')).toMatchObject({ read: 4, normalized: 2, deadLettered: 2 });
      const letters = await bridge.journal.deadLetters({ state: 'open' });
      expect(letters.map((letter) => letter.stage).sort()).toEqual(['normalize', 'read']);
      expect(await bridge.retryDeadLetters(letters.map((letter) => letter.id))).toMatchObject({
        retried: 1,
        missing: 1,
      });
    });
    const bridge = await hospital.reopen('letters', feeds, { itemBytes: 80_000 });
    await using(bridge, async () => {
      await expect.poll(() => bridge.journal.deadLetters({ state: 'open' }), { timeout: 20_000 }).toHaveLength(2);
      const letters = await bridge.journal.deadLetters({ state: 'open' });
      const second = letters.find((letter) => letter.code !== 'source.too-large')!;
      expect(second).toMatchObject({ attempt: 2 });
      expect(second.previous).not.toBeNull();
      const unread = letters.find((letter) => letter.code === 'source.too-large')!;
      expect(await bridge.retryDeadLetters([unread.id])).toMatchObject({ retried: 1, missing: 0 });
      expect(await bridge.retryDeadLetters([unread.id])).toMatchObject({ retried: 0 });
      await expect.poll(() => bridge.journal.item(unread.item), { timeout: 20_000 }).toMatchObject({ anchor: 'final' });
      expect((await bridge.journal.accounting())[0]).toMatchObject({
        read: 4,
        normalized: 3,
        deadLettered: 1,
        holds: true,
      });
    });
  });
});

describe('a source that fails', () => {
  it('ends the run with the code of the source and leaves the sums whole', async () => {
    const feed = listFeed('refusing', []);
    const connector = {
      ...feed.connector,
      open: (...args: Parameters<typeof feed.connector.open>) => ({
        ...feed.connector.open(...args),
        // biome-ignore lint/correctness/useYield: a source that fails before it gives anything
        async *read() {
          throw new BridgeError('source.refused', 'the source refuses us');
        },
      }),
    } as typeof feed.connector;
    await using(await hospital.open('refusing', [{ ...feed, connector }]), async (bridge) => {
      await expect(bridge.runFeed('refusing')).rejects.toMatchObject({ code: 'source.refused', kind: 'permanent' });
      expect((await bridge.journal.runs())[0]!.state).toBe('failed');
    });
  });
});

it('lets no patient value out of the sealed bytes', () => {
  const places = [
    join(hospital.folder, 'services', 'temporal'),
    hospital.logFile,
    ...['street', 'again', 'cancel', 'letters'].flatMap((name) => {
      const paths = dataPaths(join(hospital.folder, name));
      return [paths.journal, paths.spool, paths.cars, join(hospital.folder, name)];
    }),
    join(hospital.folder, 'services'),
  ];
  const files = new Set(places.flatMap(filesBelow));
  expect([...files].some((file) => file.endsWith('temporal.db'))).toBe(true);
  expect(files.size).toBeGreaterThan(10);
  for (const file of files) {
    const bytes = readFileSync(file);
    for (const canary of CANARIES) {
      expect(bytes.includes(canary), `${canary} in ${file}`).toBe(false);
      expect(file.includes(canary)).toBe(false);
    }
  }
});

function filesBelow(path: string): string[] {
  try {
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [path];
  }
}
