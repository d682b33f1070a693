/** Runs of many batches, and what a run leaves when it is away from its services or was killed. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBridge } from './bridge.ts';
import type { RetryingStep } from './pending.ts';
import {
  ensureKeystore,
  ensureNamespace,
  listFeed,
  observations,
  startHospital,
  type TestHospital,
} from './testing/hospital.ts';

let hospital: TestHospital;

beforeAll(async () => {
  hospital = await startHospital();
});

afterAll(() => hospital.stop());

it('goes on as new after fifty batches, as one run, and loses nothing', async () => {
  const bridge = await hospital.open('many', [listFeed('obs', observations(120))], { items: 2 });
  try {
    await bridge.startWorker();
    const { run, ...counts } = await bridge.runFeed('obs');
    expect(counts).toMatchObject({ phase: 'done', batches: 60, read: 120, normalized: 120, stored: 120 });
    expect(await bridge.journal.runs()).toMatchObject([{ id: run, state: 'done', read: 120 }]);
    expect(await bridge.waitAnchored({ timeoutMs: 120_000 })).toBe(true);
    expect(await bridge.journal.accounting()).toMatchObject([{ read: 120, final: 120, holds: true }]);
  } finally {
    await bridge.close();
  }
}, 240_000);

it('sweeps what a killed read spooled and never committed, and nothing else', async () => {
  const bridge = await hospital.open('swept', [listFeed('obs', observations(2))]);
  const orphan = 'ab'.repeat(16);
  try {
    for (const id of [`${orphan}.raw`, `${orphan}.part.0`, 'inbox-1']) await bridge.spool.put(id, new Uint8Array(1));
    await bridge.startWorker();
    expect([...bridge.spool.ids()]).toEqual(['inbox-1']);
  } finally {
    await bridge.close();
  }
}, 60_000);

it('says which step is being repeated and why', async () => {
  await ensureKeystore(join(hospital.folder, 'away'));
  await ensureNamespace(hospital.services.temporal.address, 'away');
  const options = hospital.options('away', [listFeed('obs', observations(2))]);
  const bridge = await openBridge({
    ...options,
    services: { ...options.services, kubo: { api: 'http://127.0.0.1:9' } },
  });
  const stop = new AbortController();
  try {
    await bridge.startWorker();
    const run = bridge.runFeed('obs', { signal: stop.signal }).catch(() => undefined);
    let steps: RetryingStep[] = [];
    for (let tries = 0; tries < 200 && steps.length === 0; tries++) {
      await delay(100);
      steps = await (await bridge.flows()).retrying();
    }
    expect(steps).toMatchObject([{ workflow: 'ingest:obs', step: 'storeBatch', code: 'store.unreachable' }]);
    expect(steps[0]!.attempt).toBeGreaterThan(1);
    void run;
  } finally {
    await bridge.close();
  }
}, 120_000);
