/**
 * Packs sealed records into one CAR file: the manifest as its one root, then everything that has to be pinned with
 * it. Memory holds one record's content and the rows of the manifest, whatever the batch weighs.
 */
import { decode } from '@ipld/dag-cbor';
import { BridgeError } from '../../core/errors.ts';
import { meanScore } from '../../core/quality/score.ts';
import type { Batch, SealedRecord } from '../../core/types.ts';
import { leafOf, merkleTree } from '../chain/merkle.ts';
import type { BlockNames } from '../seal/named.ts';
import { CarFile } from './car.ts';
import { blockCid, cidText, DAG_CBOR, MAX_BLOCK, RAW } from './cid.ts';
import { encodeManifest, encodeParts, MAX_RECORDS, type Part } from './manifest.ts';
import { unixfsBlocks } from './unixfs.ts';

/** Records that hide each other in the mean of their quality. */
const MIN_SCORED = 20;

export interface RecordToPack {
  /** Ours; goes back in `order`, never into the file. */
  readonly itemId: string;
  /** C1. */
  readonly content: Uint8Array;
  /** C2, dag-cbor, at most 1 MiB. */
  readonly capsule: Uint8Array;
  readonly commitment: string;
  readonly tag: string;
  /** Sealed parts, stored before with `Kubo.addStream`. */
  readonly parts?: readonly Part[];
  /** Basis points. */
  readonly score?: number;
  /** What sealing has computed of content and capsule; computed here where it is absent. */
  readonly names?: BlockNames | undefined;
}

export interface PackedBatch extends Batch {
  readonly carPath: string;
  /** In manifest order, as are `tags`, `leaves` and `order`. */
  readonly records: readonly SealedRecord[];
  /** Item ids. */
  readonly order: readonly string[];
  /** Mean score, as the manifest states it; undefined where a batch is small or a record has no score. */
  readonly quality: number | undefined;
  /** 0x-hex. */
  readonly leaves: readonly string[];
  /** Distinct blocks in the file. */
  readonly blocks: number;
  /** Length of the file. */
  readonly bytes: number;
}

/**
 * The same records in the same order give the same file; in any order the same manifest and root.
 * The file appears under its name when it is durable; after an error there is none.
 * @param records read once, one at a time
 * @throws BridgeError `seal.failed` for no or too many records, a tag twice or a capsule out of form
 */
export async function packBatch(
  batch: { hospital: string; records: Iterable<RecordToPack> | AsyncIterable<RecordToPack> },
  outPath: string,
): Promise<PackedBatch> {
  const car = await CarFile.create(outPath);
  try {
    const rows: Row[] = [];
    for await (const record of batch.records) {
      if (rows.length === MAX_RECORDS)
        throw new BridgeError('seal.failed', `a batch has more than ${MAX_RECORDS} records`);
      rows.push(await putRecord(car, record));
    }
    if (rows.length === 0) throw new BridgeError('seal.failed', 'a batch has no records');
    rows.sort((a, b) => (a.record.tag < b.record.tag ? -1 : 1));
    const records = rows.map((row) => row.record);
    if (new Set(records.map((record) => record.tag)).size !== records.length)
      throw new BridgeError('seal.failed', 'a batch has one tag twice');
    const quality = statedQuality(rows.map((row) => row.score));
    const manifest = encodeManifest({ hospital: batch.hospital, records, ...(quality !== undefined && { quality }) });
    await car.put(manifest);
    await car.finish(manifest.cid);
    const tree = merkleTree(rows.map((row) => row.leaf));
    return {
      manifestCid: cidText(manifest.cid),
      root: tree.root,
      count: records.length,
      tags: records.map((record) => record.tag),
      carPath: outPath,
      records,
      order: rows.map((row) => row.itemId),
      quality,
      leaves: tree.leaves,
      blocks: car.blocks,
      bytes: car.bytes,
    };
  } catch (error) {
    await car.discard();
    throw error;
  }
}

/** A mean over few records would tell about each of them; so it is stated for many only. */
function statedQuality(scores: readonly (number | undefined)[]): number | undefined {
  const known = scores.filter((score) => score !== undefined);
  return known.length === scores.length && known.length >= MIN_SCORED ? meanScore(known) : undefined;
}

interface Row {
  readonly itemId: string;
  readonly record: SealedRecord;
  readonly leaf: string;
  readonly score: number | undefined;
}

async function putRecord(car: CarFile, input: RecordToPack): Promise<Row> {
  const { itemId, content, capsule, commitment, tag, score, names } = input;
  const contentCid = await putContent(car, content, names?.contentCid);
  const capsuleCid = names?.capsuleCid ?? cidText(blockCid(DAG_CBOR, checkedCapsule(capsule)));
  await car.putNamed(capsuleCid, capsule);
  const parts = input.parts && encodeParts(input.parts);
  if (parts) await car.put(parts);
  const partsCid = parts && cidText(parts.cid);
  const size = content.length + (input.parts ?? []).reduce((sum, part) => sum + part.size, 0);
  const record = { contentCid, capsuleCid, ...(partsCid && { partsCid }), size, commitment, tag };
  return { itemId, record, leaf: names && !partsCid ? names.leaf : leafOf(record), score };
}

/** UnixFS; one chunk alone is its own root, which most records are. */
async function putContent(car: CarFile, bytes: Uint8Array, known: string | undefined): Promise<string> {
  if (bytes.length > MAX_BLOCK) return await putFile(car, bytes);
  const cid = known ?? cidText(blockCid(RAW, bytes));
  await car.putNamed(cid, bytes);
  return cid;
}

async function putFile(car: CarFile, bytes: Uint8Array): Promise<string> {
  const blocks = unixfsBlocks(bytes);
  for (;;) {
    const { done, value } = blocks.next();
    if (done) return cidText(value);
    await car.put(value);
  }
}

/** Kubo walks it when it pins: what is not dag-cbor would fail there, with the batch half stored. */
function checkedCapsule(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_BLOCK) throw new BridgeError('seal.failed', 'a key packet is larger than a block');
  try {
    decode(bytes);
  } catch (cause) {
    throw new BridgeError('seal.failed', 'a key packet is not dag-cbor', { cause });
  }
  return bytes;
}
