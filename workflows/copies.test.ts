import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kubo } from '../anchor/store/kubo.ts';
import { kuboBinary, startKubo, type TestKubo } from '../anchor/testing/kubo.ts';
import { repairAll } from '../cli/repair.ts';
import { type Bridge, openBridge } from './bridge.ts';
import {
  ensureKeystore,
  ensureNamespace,
  listFeed,
  observations,
  startHospital,
  type TestHospital,
} from './testing/hospital.ts';

/** A way to the replica that can be cut. */
class Wire {
  #up = true;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(target: string) {
    const { port } = new URL(target);
    this.#server = createServer((socket) => {
      if (!this.#up) return void socket.destroy();
      const far = connect(Number(port), '127.0.0.1');
      socket.pipe(far).pipe(socket);
      this.#sockets.add(socket);
      socket.on('error', () => far.destroy());
      far.on('error', () => socket.destroy());
      socket.on('close', () => far.destroy());
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  set up(up: boolean) {
    this.#up = up;
    if (!up) for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.up = false;
    this.#server.close();
  }
}

describe.skipIf(!kuboBinary)('copies in further places', { timeout: 120_000 }, () => {
  let hospital: TestHospital;
  let second: TestKubo;
  let wire: Wire;
  let replica: Kubo;

  beforeAll(async () => {
    [hospital, second] = await Promise.all([startHospital(), startKubo('flatfs')]);
    wire = new Wire(second.url);
    await wire.listen();
    replica = new Kubo({ url: second.url });
  }, 120_000);

  afterAll(async () => {
    wire.close();
    await Promise.all([hospital.stop(), second.stop()]);
  });

  async function open(name: string, required: number, count: number): Promise<Bridge> {
    const options = hospital.options(name, [listFeed('list', observations(count))]);
    await ensureKeystore(options.dataDir);
    await ensureNamespace(options.services.temporal.address, name);
    const kubo = { ...options.services.kubo, replicas: [wire.url], required };
    const bridge = await openBridge({ ...options, services: { ...options.services, kubo } });
    await bridge.startWorker();
    return bridge;
  }

  const manifests = async (bridge: Bridge) => (await bridge.journal.batches({})).map((batch) => batch.manifestCid!);
  const onReplica = async (bridge: Bridge) =>
    Promise.all((await manifests(bridge)).map((manifest) => replica.isPinned(manifest)));

  test('a batch is copied before it is anchored', async () => {
    const bridge = await open('both', 2, 5);
    try {
      await bridge.runFeed('list');
      expect(await bridge.waitAnchored({ timeoutMs: 60_000 })).toBe(true);
      expect(await onReplica(bridge)).toEqual([true, true]);
    } finally {
      await bridge.close();
    }
  });

  test('a replica that is away holds nothing up when it is not required, and gets the batches later', async () => {
    wire.up = false;
    const bridge = await open('later', 1, 6);
    try {
      await bridge.runFeed('list');
      expect(await bridge.waitAnchored({ timeoutMs: 60_000 })).toBe(true);
      expect(await onReplica(bridge)).toEqual([false, false]);
      wire.up = true;
      const log = { info() {}, warn() {}, error() {} };
      const place = { hospital: 'chenguang', cars: join(hospital.folder, 'later', 'cars') };
      const repaired = await repairAll(bridge, place, log, AbortSignal.timeout(60_000), () => {});
      expect(repaired.copied).toBe(2);
      expect(repaired.nodes).toMatchObject([
        { node: 'first', batches: 2, found: 0 },
        { batches: 2, found: 0 },
      ]);
      expect(await onReplica(bridge)).toEqual([true, true]);
      expect(await bridge.journal.withoutCopy(new URL(wire.url).host, 10)).toEqual([]);
    } finally {
      wire.up = true;
      await bridge.close();
    }
  });

  test('a required replica that is away keeps batches from the chain until it is back', async () => {
    wire.up = false;
    const bridge = await open('required', 2, 4);
    try {
      const run = bridge.runFeed('list');
      run.catch(() => {});
      await expect.poll(() => bridge.journal.batchCounts(), { timeout: 30_000 }).toEqual({ sealed: 1 });
      expect(await bridge.waitAnchored({ timeoutMs: 3_000 })).toBe(false);
      expect(await bridge.journal.batchCounts()).toEqual({ sealed: 1 });
      wire.up = true;
      await run;
      expect(await bridge.waitAnchored({ timeoutMs: 60_000 })).toBe(true);
      expect(await onReplica(bridge)).toEqual([true]);
    } finally {
      wire.up = true;
      await bridge.close();
    }
  });
});
