import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CarReader } from '@ipld/car';
import { encode } from '@ipld/dag-cbor';
import { SimpleMerkleTree } from '@openzeppelin/merkle-tree';
import fc from 'fast-check';
import { CID } from 'multiformats/cid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leafOf } from '../chain/merkle.ts';
import { packBatch, type RecordToPack } from './batch.ts';
import { blockCid, DAG_CBOR, MAX_BLOCK, matches, RAW } from './cid.ts';
import { decodeManifest, decodeParts, MAX_RECORDS } from './manifest.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dhc-batch-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sha = (text: string) => createHash('sha256').update(text).digest('hex');

function record(n: number, size = 200): RecordToPack {
  return {
    itemId: `item-${n}`,
    content: Buffer.alloc(size, n + 1),
    capsule: encode({ v: 1, n }),
    commitment: sha(`commitment ${n}`),
    tag: sha(`tag ${n}`).slice(0, 32),
  };
}

const pack = (records: Iterable<RecordToPack> | AsyncIterable<RecordToPack>, name = 'a.car') =>
  packBatch({ hospital: 'chenguang', records }, join(folder, name));

test('the file is a CAR whose one root is the manifest and whose blocks are what their CIDs say', async () => {
  const part = { cid: blockCid(RAW, Buffer.from('a part')).toString(), size: 6 };
  const records = [record(1), record(2, 3 * MAX_BLOCK + 5), { ...record(3), parts: [part, part, part] }];
  const packed = await pack(records);
  const file = await readFile(packed.carPath);
  const car = await CarReader.fromBytes(file);
  expect((await car.getRoots()).map(String)).toEqual([packed.manifestCid]);
  let blocks = 0;
  for await (const { cid, bytes } of car.blocks()) {
    blocks++;
    expect(bytes.length).toBeLessThanOrEqual(MAX_BLOCK);
    expect(matches(CID.decode(cid.bytes), bytes)).toBe(true);
  }
  expect([blocks, file.length]).toEqual([packed.blocks, packed.bytes]);

  const manifest = decodeManifest((await car.get(CID.parse(packed.manifestCid)))!.bytes);
  expect(manifest).toEqual({ hospital: 'chenguang', records: packed.records });
  expect(manifest.records.map((entry) => entry.tag)).toEqual(records.map((entry) => entry.tag).sort());
  const imaging = packed.records[packed.order.indexOf('item-3')]!;
  expect(imaging.size).toBe(200 + 18);
  expect(decodeParts((await car.get(CID.parse(imaging.partsCid!)))!.bytes)).toEqual([part, part, part]);
  expect(packed.root).toBe(SimpleMerkleTree.of(packed.records.map(leafOf), { sortLeaves: false }).root);
});

test('the same records give the same bytes, and in any order the same manifest', async () => {
  const records = Array.from({ length: 12 }, (_, n) => record(n));
  const first = await pack(records, '1.car');
  const again = await pack(records, '2.car');
  expect(await readFile(again.carPath)).toEqual(await readFile(first.carPath));
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(records, { minLength: 12 }), async (shuffled) => {
      const { manifestCid, root, order } = await pack(shuffled, '3.car');
      expect({ manifestCid, root, order }).toEqual({
        manifestCid: first.manifestCid,
        root: first.root,
        order: first.order,
      });
    }),
    { numRuns: 10 },
  );
});

test('names that sealing has computed give the same file', async () => {
  const part = { cid: blockCid(RAW, Buffer.from('a part')).toString(), size: 6 };
  const records = [record(1), { ...record(2), parts: [part] }, record(3)];
  const named = records.map((one) => {
    const contentCid = blockCid(RAW, one.content).toString();
    const capsuleCid = blockCid(DAG_CBOR, one.capsule).toString();
    // Without its parts, which sealing does not know.
    const leaf = leafOf({ commitment: one.commitment, contentCid });
    return { ...one, names: { contentCid, capsuleCid, leaf } };
  });
  const [without, with_] = [await pack(records, '4.car'), await pack(named, '5.car')];
  expect(await readFile(with_.carPath)).toEqual(await readFile(without.carPath));
  expect({ ...with_, carPath: '' }).toEqual({ ...without, carPath: '' });
});

test.each<[string, () => Iterable<RecordToPack>]>([
  ['no record', () => []],
  ['a tag twice', () => [record(1), { ...record(2), tag: record(1).tag }]],
  ['a capsule that is no dag-cbor', () => [{ ...record(1), capsule: Buffer.from([0xff, 1]) }]],
  ['a capsule larger than a block', () => [{ ...record(1), capsule: encode({ x: 'x'.repeat(MAX_BLOCK) }) }]],
  ['a commitment of another length', () => [{ ...record(1), commitment: 'ab' }]],
  [
    'more records than a manifest holds',
    () =>
      (function* () {
        for (let n = 0; n <= MAX_RECORDS; n++) yield record(n, 1);
      })(),
  ],
])('%s leaves no file', async (_name, records) => {
  await expect(pack(records(), 'bad.car')).rejects.toMatchObject({ kind: 'permanent' });
  expect((await readdir(folder)).filter((name) => name.startsWith('bad'))).toEqual([]);
});

test('a source that breaks leaves no file', async () => {
  async function* broken(): AsyncGenerator<RecordToPack> {
    yield record(1);
    throw new RangeError('spool gone');
  }
  await expect(pack(broken(), 'bad.car')).rejects.toThrow(RangeError);
  expect((await readdir(folder)).filter((name) => name.startsWith('bad'))).toEqual([]);
});

test('a full batch with parts fits one manifest block', async () => {
  function* full(): Generator<RecordToPack> {
    for (let n = 0; n < MAX_RECORDS; n++)
      yield { ...record(n, 10), parts: [{ cid: blockCid(RAW, Buffer.from(`${n}`)).toString(), size: 2 ** 40 }] };
  }
  expect((await pack(full(), 'full.car')).count).toBe(MAX_RECORDS);
});
