import { execFile, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeystore, type Keystore } from '../keystore/keystore.ts';
import { openSpool, type Spool } from './spool.ts';

const MiB = 1 << 20;
const base = mkdtempSync(join(tmpdir(), 'dhc-spool-'));
let keystore: Keystore;
beforeAll(async () => {
  keystore = await createKeystore(join(base, 'keystore.json'), 'x');
});
afterAll(() => {
  keystore.close();
  rmSync(base, { recursive: true });
});

let folders = 0;
async function fresh(): Promise<{ directory: string; spool: Spool }> {
  const directory = join(base, `spool-${folders++}`);
  return { directory, spool: await openSpool(directory, keystore) };
}

const refusal = expect.objectContaining({ name: 'BridgeError', code: 'seal.open' });
const missing = expect.objectContaining({ name: 'BridgeError', code: 'spool.missing' });
const id = (n: number) => n.toString(16).padStart(32, '0');

async function* chunks(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function read(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

/** Every byte that lies under the folder. */
function onDisk(directory: string): Buffer {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath, entry.name))));
}

describe('the spool', () => {
  it.each([0, 1, 2000, MiB, MiB + 1, 3 * MiB])(
    'gives back %i bytes, whole and as a stream, after reopening too',
    async (size) => {
      const { directory, spool } = await fresh();
      const [put, streamed] = [randomBytes(size), randomBytes(size)];
      await spool.put(id(1), put);
      const stored = await spool.putStream(id(2), chunks(streamed, 70_000));
      expect(stored).toEqual({ size, sha256: createHash('sha256').update(streamed).digest('hex') });
      spool.close();

      const again = await openSpool(directory, keystore);
      for (const [name, bytes] of [
        [id(1), put],
        [id(2), streamed],
      ] as const) {
        expect(Buffer.from((await again.get(name))!).equals(bytes)).toBe(true);
        expect((await read(again.open(name))).equals(bytes)).toBe(true);
        expect(again.has(name)).toBe(true);
      }
      expect(again.usage()).toEqual({ items: 2, bytes: 2 * size });
      again.close();
    },
  );

  it('stores many in one transaction: all or none', async () => {
    const { spool } = await fresh();
    const items = Array.from({ length: 1000 }, (_, n) => ({ id: id(n), bytes: Buffer.from(`item ${n}`) }));
    await spool.putMany(items);
    expect(spool.usage().items).toBe(1000);
    expect(Buffer.from((await spool.get(id(777)))!).toString()).toBe('item 777');
    const broken = [
      { id: id(5000), bytes: Buffer.from('x') },
      { id: '../escape', bytes: Buffer.from('y') },
    ];
    await expect(spool.putMany(broken)).rejects.toThrow(RangeError);
    expect(spool.has(id(5000))).toBe(false);
    spool.close();
  });

  it('replaces on a second write, between small and large too', async () => {
    const { spool } = await fresh();
    for (const size of [10, 2 * MiB, 20, 3 * MiB]) {
      const bytes = randomBytes(size);
      await spool.put(id(1), bytes);
      expect(bytes.equals((await spool.get(id(1)))!)).toBe(true);
      expect(spool.usage()).toEqual({ items: 1, bytes: size });
    }
    spool.close();
  });

  it('forgets what is removed, and its files', async () => {
    const { directory, spool } = await fresh();
    await spool.put(id(1), randomBytes(10));
    await spool.put(id(2), randomBytes(2 * MiB));
    await spool.put(id(3), randomBytes(10));
    await spool.remove([id(1), id(2), id(99)]);
    expect([id(1), id(2), id(3)].map((name) => spool.has(name))).toEqual([false, false, true]);
    expect(await spool.get(id(1))).toBeNull();
    await expect(read(spool.open(id(2)))).rejects.toEqual(missing);
    expect(readdirSync(join(directory, 'large'))).toEqual([]);
    expect(spool.usage()).toEqual({ items: 1, bytes: 10 });
    spool.close();
  });

  it('has no plaintext on disk, neither in its log nor in file names', async () => {
    const { directory, spool } = await fresh();
    const marker = '张伟 CG100001 990101197803120018';
    const filled = (size: number) => Buffer.alloc(size, marker);
    await spool.put(id(1), filled(5000));
    await spool.put(id(2), filled(2 * MiB));
    await spool.putStream(id(3), chunks(filled(MiB), 10_000));
    expect(onDisk(directory).includes(marker.slice(0, 8))).toBe(false);
    expect(onDisk(directory).includes('CG100001')).toBe(false);
    spool.close();
    expect(onDisk(directory).includes('CG100001')).toBe(false);
  });

  it('refuses content that was changed, exchanged or cut on disk', async () => {
    const { directory, spool } = await fresh();
    await spool.put(id(1), randomBytes(100));
    await spool.put(id(2), randomBytes(100));
    await spool.put(id(3), randomBytes(3 * MiB));
    await spool.put(id(4), randomBytes(3 * MiB));
    const database = new DatabaseSync(join(directory, 'spool.db'));
    database.exec(`UPDATE items SET sealed = (SELECT sealed FROM items WHERE id = '${id(2)}') WHERE id = '${id(1)}'`);
    database.close();
    await expect(spool.get(id(1))).rejects.toEqual(refusal);
    await expect(read(spool.open(id(1)))).rejects.toEqual(refusal);

    const file = (n: number) => join(directory, 'large', id(n));
    writeFileSync(file(3), readFileSync(file(4)));
    await expect(spool.get(id(3))).rejects.toEqual(refusal);
    truncateSync(file(4), 2 * MiB);
    await expect(read(spool.open(id(4)))).rejects.toEqual(refusal);
    rmSync(file(4));
    await expect(read(spool.open(id(4)))).rejects.toEqual(missing);
    spool.close();
  });

  it('stores nothing of a source that fails, and passes its error on', async () => {
    const { directory, spool } = await fresh();
    async function* failing() {
      yield randomBytes(2 * MiB);
      throw new Error('association aborted');
    }
    await expect(spool.putStream(id(1), failing())).rejects.toThrow('association aborted');
    expect(spool.has(id(1))).toBe(false);
    expect(readdirSync(join(directory, 'large'))).toEqual([]);
    spool.close();
  });

  it('is another spool under another key', async () => {
    const { directory, spool } = await fresh();
    await spool.put(id(1), randomBytes(100));
    await spool.put(id(2), randomBytes(2 * MiB));
    spool.close();
    const stranger = await createKeystore(join(base, 'stranger.json'), 'x');
    const other = await openSpool(directory, stranger);
    await expect(other.get(id(1))).rejects.toEqual(refusal);
    await expect(other.get(id(2))).rejects.toEqual(refusal);
    other.close();
    stranger.close();
  });

  it.each(['', '..', '.hidden', 'a/b', 'A', 'a\0', 'x'.repeat(129), 'é'])(
    'does not take %j for an id',
    async (name) => {
      const { spool } = await fresh();
      await expect(spool.put(name, Buffer.alloc(1))).rejects.toThrow(RangeError);
      await expect(spool.putStream(name, chunks(Buffer.alloc(1), 1))).rejects.toThrow(RangeError);
      await expect(spool.get(name)).rejects.toThrow(RangeError);
      expect(() => spool.has(name)).toThrow(RangeError);
      spool.close();
    },
  );
});

describe('after a kill', () => {
  const preamble = `
    const { openKeystore } = await import(${JSON.stringify(new URL('../keystore/keystore.ts', import.meta.url).href)});
    const { openSpool } = await import(${JSON.stringify(new URL('./spool.ts', import.meta.url).href)});
    const keystore = await openKeystore(process.argv[1], 'x');
    const spool = await openSpool(process.argv[2], keystore);`;
  const run = (script: string, directory: string) => [
    '--input-type=module',
    '-e',
    preamble + script,
    join(base, 'keystore.json'),
    directory,
  ];

  it('everything is there that was promised', async () => {
    const { directory, spool } = await fresh();
    spool.close();
    const script = `
      await spool.putMany([{ id: '${id(1)}', bytes: Buffer.alloc(10, 1) }]);
      await spool.put('${id(2)}', Buffer.alloc(${2 * MiB}, 2));
      process.kill(process.pid, 'SIGKILL');`;
    expect(spawnSync(process.execPath, run(script, directory)).signal).toBe('SIGKILL');
    const again = await openSpool(directory, keystore);
    expect(await again.get(id(1))).toEqual(Buffer.alloc(10, 1));
    expect(Buffer.alloc(2 * MiB, 2).equals((await again.get(id(2)))!)).toBe(true);
    again.close();
  });

  it('half a file is not there, and what it left is swept when it is old', async () => {
    const { directory, spool } = await fresh();
    spool.close();
    const script = `
      async function* half() { yield Buffer.alloc(${3 * MiB}); process.kill(process.pid, 'SIGKILL'); await new Promise(() => {}); }
      await spool.putStream('${id(1)}', half());`;
    expect(spawnSync(process.execPath, run(script, directory)).signal).toBe('SIGKILL');
    const large = join(directory, 'large');
    const [left] = readdirSync(large);
    expect(left).toMatch(/\.part$/);

    const again = await openSpool(directory, keystore);
    expect(again.has(id(1))).toBe(false);
    expect(existsSync(join(large, left!))).toBe(true);
    await again.put(id(2), randomBytes(2 * MiB));
    await again.put(id(3), randomBytes(2 * MiB));
    await again.put(id(3), randomBytes(5));
    again.close();
    const old = Date.now() / 1000 - 2 * 86_400;
    for (const name of readdirSync(large)) utimesSync(join(large, name), old, old);
    (await openSpool(directory, keystore)).close();
    expect(readdirSync(large)).toEqual([id(2)]);
  });

  it('two processes write at the same time', async () => {
    const { directory, spool } = await fresh();
    const script = `for (let n = 0; n < 50; n++) await spool.put('b' + n, Buffer.from('b' + n)); spool.close();`;
    const child = promisify(execFile)(process.execPath, run(script, directory));
    for (let n = 0; n < 50; n++) await spool.put(`a${n}`, Buffer.from(`a${n}`));
    await child;
    expect(spool.usage().items).toBe(100);
    expect(Buffer.from((await spool.get('b49'))!).toString()).toBe('b49');
    spool.close();
  });
});
