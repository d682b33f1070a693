import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from '@ipld/dag-cbor';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { kuboBinary, startKubo, type TestKubo } from '../testing/kubo.ts';
import { packBatch, type RecordToPack } from './batch.ts';
import { blockCid, RAW } from './cid.ts';
import { Kubo } from './kubo.ts';
import { decodeManifest } from './manifest.ts';

describe.skipIf(kuboBinary === undefined)('a real node', () => {
  let node: TestKubo;
  let kubo: Kubo;
  let folder: string;
  beforeAll(async () => {
    node = await startKubo();
    kubo = new Kubo({ url: node.url, searchMs: 500 });
    folder = await mkdtemp(join(tmpdir(), 'dhc-store-'));
  });
  afterAll(async () => {
    await node?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('says who it is', async () => {
    expect(await kubo.version()).toMatch(/^0\.\d+\.\d+/);
    expect((await kubo.id()).peerId).toMatch(/^12D3/);
  });

  test('keeps a batch with everything that its manifest links to', async () => {
    const part = await kubo.addStream(chunks(randomBytes(2_500_000), 60_000));
    const records = [record(1, 2_000), record(2, 3_000_000), { ...record(3, 500), parts: [part] }];
    const carPath = join(folder, 'batch.car');
    const packed = await packBatch({ hospital: 'chenguang', records }, carPath);
    const stats = await kubo.importCar(createReadStream(carPath), packed.manifestCid);
    expect(stats.blocks).toBe(packed.blocks);
    expect(await kubo.isPinned(packed.manifestCid)).toBe(true);
    await kubo.unpin(part.cid);
    expect(await kubo.isPinned(part.cid)).toBe(false);

    const manifest = decodeManifest(await kubo.blockGet(packed.manifestCid));
    expect(manifest.records).toEqual(packed.records);
    const large = manifest.records.find((entry) => entry.size > 2_900_000)!;
    expect(await hashOf(kubo.cat(large.contentCid))).toBe(sha(records[1]!.content));
    // The root's pin has to reach every block, else a collection of garbage takes them.
    const exported = await read(kubo.dagExport(packed.manifestCid));
    expect(exported.length).toBeGreaterThan((await readFile(carPath)).length + 2_500_000);
    await kubo.importCar(createReadStream(carPath), packed.manifestCid);
    const pins: string[] = [];
    // Kubo pins an empty folder of its own.
    for await (const pin of kubo.pinLs()) if (pin.startsWith('bafy')) pins.push(pin);
    expect(pins).toEqual([packed.manifestCid]);
    expect(await kubo.repoVerify()).toBe(true);
  });

  test.each([0, 1, 1_048_576, 1_048_577, 5_000_000])(
    'computes the CID that the node computes, %i bytes',
    async (size) => {
      const bytes = randomBytes(size);
      const { cid, size: counted } = await kubo.addStream(chunks(bytes, 77_777));
      expect(counted).toBe(size);
      if (size > 0 && size <= 1_048_576) expect(cid).toBe(blockCid(RAW, bytes).toString());
    },
  );

  test('a tree of two levels has the CID that the node gives', async () => {
    async function* zeros() {
      for (let n = 0; n < 200; n++) yield Buffer.alloc(1_048_576, n);
    }
    expect((await kubo.addStream(zeros())).size).toBe(200 * 1_048_576);
  });

  test('says when a block is not there', async () => {
    const absent = blockCid(RAW, Buffer.from('nobody stored this')).toString();
    await expect(kubo.blockGet(absent)).rejects.toMatchObject({ code: 'store.missing' });
    await expect(kubo.blockStat(absent)).rejects.toMatchObject({ code: 'store.missing' });
    expect(await kubo.isPinned(absent)).toBe(false);
  });

  test('an import whose links lead nowhere is refused, not half kept', async () => {
    const carPath = join(folder, 'hollow.car');
    const nowhere = { cid: blockCid(RAW, randomBytes(9)).toString(), size: 9 };
    const packed = await packBatch(
      { hospital: 'chenguang', records: [{ ...record(4, 10), parts: [nowhere] }] },
      carPath,
    );
    await expect(kubo.importCar(createReadStream(carPath), packed.manifestCid)).rejects.toMatchObject({
      code: 'store.missing',
    });
    expect(await kubo.isPinned(packed.manifestCid)).toBe(false);
  });

  test('a file that is no CAR is refused', async () => {
    await expect(
      kubo.importCar([Buffer.from('no car')], blockCid(RAW, Buffer.from('x')).toString()),
    ).rejects.toMatchObject({
      stage: 'store',
      kind: 'permanent',
    });
  });

  test('an error of the source is the one that is thrown', async () => {
    async function* broken() {
      yield Buffer.alloc(10);
      throw new RangeError('disk gone');
    }
    await expect(kubo.addStream(broken())).rejects.toThrow(RangeError);
  });
});

describe('a faulty node', () => {
  let server: Server;
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  async function serve(handler: Parameters<typeof createServer>[1]): Promise<Kubo> {
    server = createServer(handler as never);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new Kubo({ url: `http://127.0.0.1:${port}`, idleMs: 150, workMs: 150 });
  }

  test('silence ends in time', async () => {
    const kubo = await serve(() => {});
    await expect(kubo.version()).rejects.toMatchObject({ code: 'store.unreachable', kind: 'transient' });
  });

  test('an upload that stands still ends in time', async () => {
    const kubo = await serve((request) => request.pause());
    async function* endless() {
      for (;;) yield Buffer.alloc(1 << 20);
    }
    await expect(kubo.addStream(endless())).rejects.toMatchObject({ code: 'store.unreachable' });
  });

  test('a caller who gives up is obeyed', async () => {
    const kubo = await serve(() => {});
    await expect(kubo.version(AbortSignal.timeout(30))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('a connection that breaks in the middle', async () => {
    const kubo = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{"Vers');
      setTimeout(() => response.destroy(), 10);
    });
    await expect(kubo.version()).rejects.toMatchObject({ code: 'store.unreachable' });
  });

  test.each([
    [500, '{"Message":"write /x: no space left on device"}', 'store.full'],
    [500, '{"Message":"something odd"}', 'store.failed'],
    [403, '403 - Forbidden', 'store.refused'],
    [404, 'not here', 'store.refused'],
    [502, 'proxy', 'store.unreachable'],
    [200, 'hello', 'store.refused'],
    [200, '{"Message":"no space left on device","Code":0,"Type":"error"}', 'store.full'],
  ])('HTTP %i %s is %s', async (status, body, code) => {
    const kubo = await serve((request, response) => {
      request.resume();
      response.writeHead(status).end(body);
    });
    await expect(kubo.version()).rejects.toMatchObject({ code });
  });

  test('an upload that is refused in the middle says why', async () => {
    const kubo = await serve((request, response) => {
      request.once('data', () => response.writeHead(500).end('{"Message":"no space left on device"}'));
    });
    async function* much() {
      for (let n = 0; n < 64; n++) yield Buffer.alloc(1 << 20, n);
    }
    await expect(kubo.addStream(much())).rejects.toMatchObject({ code: 'store.full' });
  });

  test('an upload to nobody ends at once', async () => {
    const kubo = await serve(() => {});
    server.close();
    await expect.poll(() => server.listening).toBe(false);
    const upload = kubo.addStream([Buffer.alloc(1 << 20), Buffer.alloc(1 << 20)]);
    await expect(upload).rejects.toMatchObject({ code: 'store.unreachable' });
  });

  test('a source is let go when its upload fails', async () => {
    const kubo = await serve((request) => request.once('data', () => request.destroy()));
    let released = false;
    async function* held() {
      try {
        for (;;) yield Buffer.alloc(1 << 20);
      } finally {
        released = true;
      }
    }
    await expect(kubo.addStream(held())).rejects.toMatchObject({ code: 'store.unreachable' });
    await expect.poll(() => released).toBe(true);
  });

  test('a changed block is found out', async () => {
    const kubo = await serve((_request, response) => response.end('other bytes'));
    await expect(kubo.blockGet(blockCid(RAW, Buffer.from('bytes')).toString())).rejects.toMatchObject({
      code: 'store.mismatch',
    });
  });

  test('another CID for our bytes is found out', async () => {
    const kubo = await serve((request, response) => {
      request.resume();
      request.on('end', () => response.end(JSON.stringify({ Name: 'x', Hash: 'bafkreiother', Size: '4' })));
    });
    await expect(kubo.addStream([Buffer.from('mine')])).rejects.toMatchObject({ code: 'store.mismatch' });
  });

  test('words of the node go nowhere', async () => {
    const kubo = await serve((_request, response) => {
      response.writeHead(500).end('{"Message":"Zhang Wei CG100001"}');
    });
    const error = await kubo.version().catch((thrown) => thrown);
    expect(JSON.stringify(error) + error.message + String(error.stack)).not.toContain('CG100001');
  });
});

function record(n: number, size: number): RecordToPack {
  return {
    itemId: `item-${n}`,
    content: Buffer.alloc(size, n),
    capsule: encode({ v: 1, n }),
    commitment: sha(Buffer.from([n])),
    tag: sha(Buffer.from([n, n])).slice(0, 32),
  };
}

function* chunks(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of source) parts.push(chunk);
  return Buffer.concat(parts);
}

async function hashOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  return sha(await read(source));
}

function sha(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
