import { execFileSync } from 'node:child_process';
import { createReadStream, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { encode } from '@ipld/dag-cbor';
import { base32upper } from 'multiformats/bases/base32';
import { CID } from 'multiformats/cid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { capsuleSet } from '../seal/capsule-list.ts';
import { kuboBinary, startKubo, type TestKubo } from '../testing/kubo.ts';
import { HOSPITAL, madeRecord, storeBatch } from '../testing/street.ts';
import type { PackedBatch } from './batch.ts';
import { CarFile } from './car.ts';
import { blockCid, DAG_CBOR } from './cid.ts';
import { Kubo } from './kubo.ts';
import { type RootRole, visitBatch } from './links.ts';
import { encodeManifest } from './manifest.ts';
import { repairNode } from './repair.ts';
import { KuboReplica } from './replica.ts';

const RECORDS = 10_000;
const A_BATCH = 1_000;
/** Every so many-th block: one in a hundred. */
const EVERY = 100;

describe.skipIf(!kuboBinary)('a store of 10,000 records', { timeout: 240_000 }, () => {
  let folder: string;
  let first: TestKubo;
  let second: TestKubo;
  let node: Kubo;
  let replica: KuboReplica;
  const batches: PackedBatch[] = [];
  let files: Map<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dhc-repair-'));
    [first, second] = await Promise.all([startKubo('flatfs'), startKubo('pebbleds')]);
    node = new Kubo({ url: first.url });
    replica = new KuboReplica('second', new Kubo({ url: second.url }), node);
    for (let n = 0; n < RECORDS; n += A_BATCH) {
      const records = [];
      for (let at = n; at < n + A_BATCH; at++)
        records.push(await madeRecord(at, at === 0 ? { parts: [2_500_000, 10], kubo: node } : {}));
      const packed = await storeBatch(records, folder, node);
      batches.push(packed);
      const parts = records.flatMap((record) => record.packed.parts ?? []).map((part) => part.cid);
      await replica.keep({ manifest: packed.manifestCid, carPath: packed.carPath, parts });
      for (const part of parts) await node.unpin(part);
    }
    files = await blockFiles(first, node, batches);
  });

  afterAll(async () => {
    await Promise.all([first?.stop(), second?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  const sources = () => [{ name: replica.name, blocks: replica.node }];
  const manifests = () => batches.map(({ manifestCid }) => ({ manifest: manifestCid }));

  test('loses one block in a hundred to flips, cuts and deletion: all are found, all come back byte for byte', async () => {
    const harmed = new Map<string, { path: string; before: Buffer }>();
    let at = 0;
    for (const [cid, path] of files) {
      if (at++ % EVERY !== 0) continue;
      harmed.set(cid, { path, before: readFileSync(path) });
      harm(path, harmed.size % 3);
    }
    expect(harmed.size).toBeGreaterThanOrEqual(200);
    const report = await repairNode({ node, batches: manifests(), sources: sources() });
    expect(new Set(report.faults.map((fault) => fault.cid))).toEqual(new Set(harmed.keys()));
    expect(report.faults.every((fault) => fault.restoredFrom === 'second')).toBe(true);
    for (const { path, before } of harmed.values()) expect(readFileSync(path).equals(before)).toBe(true);
    for (const { manifestCid } of batches) expect(await node.isPinned(manifestCid)).toBe(true);
    const again = await repairNode({ node, batches: manifests(), sources: [] });
    expect(again).toMatchObject({ batches: batches.length, blocks: report.blocks, faults: [] });
  });

  test('a manifest and a part are restored with what hangs below them', async () => {
    const { manifestCid, records } = batches[0]!;
    const withParts = records.find((record) => record.partsCid !== undefined)!;
    const manifest = files.get(manifestCid)!;
    const parts = files.get(withParts.partsCid!)!;
    const leaf = [...files.values()].find((path) => statSync(path).size === 1 << 20)!;
    for (const path of [manifest, parts, leaf]) harm(path, 0);
    const report = await repairNode({ node, batches: manifests().slice(0, 1), sources: sources() });
    expect(report.faults).toHaveLength(3);
    expect(report.faults.every((fault) => fault.restoredFrom === 'second')).toBe(true);
  });

  test('without a replica the CAR archive gives the blocks back, and the journal the manifest', async () => {
    const { manifestCid, carPath, records } = batches[1]!;
    for (const record of records.slice(0, 5)) harm(files.get(record.contentCid)!, 2);
    harm(files.get(records[9]!.capsuleCid)!, 1);
    harm(files.get(manifestCid)!, 2);
    const rebuilt = () => encodeManifest({ hospital: HOSPITAL, records }).bytes;
    const none = await repairNode({ node, batches: [{ manifest: manifestCid, rebuilt }], sources: [] });
    expect(none.faults.filter((fault) => fault.restoredFrom === 'journal').map((fault) => fault.cid)).toEqual([
      manifestCid,
    ]);
    expect(none.faults.filter((fault) => fault.restoredFrom === undefined)).toHaveLength(6);
    const report = await repairNode({ node, batches: [{ manifest: manifestCid, carPath }], sources: [] });
    expect(report.faults).toHaveLength(6);
    expect(report.faults.every((fault) => fault.restoredFrom === 'archive')).toBe(true);
    expect(await node.isPinned(manifestCid)).toBe(true);
  });

  test('what nobody has keeps nothing else from being restored', async () => {
    const [lost, damaged] = [batches[3]!, batches[4]!];
    harm(files.get(lost.records[0]!.contentCid)!, 2);
    harm(files.get(damaged.records[0]!.capsuleCid)!, 0);
    const both = [{ manifest: lost.manifestCid }, { manifest: damaged.manifestCid, carPath: damaged.carPath }];
    const report = await repairNode({ node, batches: both, sources: [] });
    expect(report.faults).toMatchObject([
      { cid: lost.records[0]!.contentCid, fault: 'missing', restoredFrom: undefined },
      { cid: damaged.records[0]!.capsuleCid, fault: 'damaged', restoredFrom: 'archive' },
    ]);
    for (const { manifestCid } of [lost, damaged]) expect(await node.isPinned(manifestCid)).toBe(true);
  });

  test('later key packets are found and restored like everything else, from a node or from their own archive', async () => {
    const blocks = Array.from({ length: 60 }, (_, n) => encodeBlock({ v: 1, alg: 'made up', ct: Buffer.alloc(90, n) }));
    const root = capsuleSet(blocks.map(({ cid }) => cid.toString()));
    const manifest = root.cid.toString();
    const carPath = join(folder, 'capsules.car');
    const car = await CarFile.create(carPath);
    for (const block of [...blocks, root]) await car.put(block);
    await car.finish(root.cid);
    for (const one of [node, replica.node]) await one.importCar(createReadStream(carPath), manifest);
    const paths = await blockFiles(first, node, [{ manifestCid: manifest }], 'capsules');
    const before = new Map([...paths].map(([cid, path]) => [cid, readFileSync(path)]));
    const set = { manifest, role: 'capsules' as const };
    for (const [among, from] of [
      [{ batches: [set], sources: sources() }, 'second'],
      [{ batches: [{ ...set, carPath }], sources: [] }, 'archive'],
    ] as const) {
      [...paths.values()].forEach((path, n) => {
        if (n < 9) harm(path, n % 3);
      });
      const report = await repairNode({ node, ...among });
      expect(report).toMatchObject({ blocks: 61 });
      expect(report.faults.map(({ restoredFrom }) => restoredFrom)).toEqual(Array.from({ length: 9 }, () => from));
      for (const [cid, path] of paths) expect(readFileSync(path).equals(before.get(cid)!)).toBe(true);
      expect(await node.isPinned(manifest)).toBe(true);
    }
  });

  test('a source that lies restores nothing', async () => {
    const { manifestCid, records } = batches[2]!;
    harm(files.get(records[0]!.contentCid)!, 0);
    const liar = { name: 'liar', blocks: { blockGet: async () => Buffer.from('something else') } };
    const batch = { manifest: manifestCid };
    const report = await repairNode({ node, batches: [batch], sources: [liar] });
    expect(report.faults).toMatchObject([{ cid: records[0]!.contentCid, fault: 'damaged', restoredFrom: undefined }]);
    expect((await repairNode({ node, batches: [batch], sources: [liar, ...sources()] })).faults).toMatchObject([
      { restoredFrom: 'second' },
    ]);
  });
});

function encodeBlock(value: object) {
  const bytes = encode(value);
  return { cid: blockCid(DAG_CBOR, bytes), bytes };
}

/** 0 flips a bit, 1 cuts the file, 2 deletes it. */
function harm(path: string, how: number): void {
  const bytes = readFileSync(path);
  if (how === 2) rmSync(path);
  else if (how === 1) truncateSync(path, bytes.length >> 1);
  else {
    bytes[bytes.length >> 1]! ^= 0x10;
    writeFileSync(path, bytes);
  }
}

/** The file of each block of the batches: flatfs names it by the base32 of the multihash. */
async function blockFiles(
  { repo }: TestKubo,
  node: Kubo,
  batches: readonly Pick<PackedBatch, 'manifestCid'>[],
  role?: RootRole,
): Promise<Map<string, string>> {
  const paths = execFileSync('find', [join(repo, 'blocks'), '-name', '*.data'], { maxBuffer: 1 << 26 });
  const byKey = new Map(
    paths
      .toString()
      .trim()
      .split('\n')
      .map((path) => [basename(path, '.data'), path]),
  );
  const files = new Map<string, string>();
  for (const { manifestCid } of batches)
    await visitBatch(
      manifestCid,
      16,
      async (cid) => {
        files.set(cid, byKey.get(base32upper.encode(CID.parse(cid).multihash.bytes).slice(1))!);
        return node.blockLocal(cid);
      },
      role,
    );
  return files;
}
