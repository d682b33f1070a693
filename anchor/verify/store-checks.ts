/** What a receipt says of sealed bytes, asked of an IPFS node that is not believed: every block is hashed again. */
import type { Receipt, SealedRecord } from '../../core/types.ts';
import type { AnchorEvent } from '../chain/health-index.ts';
import { leafOf, merkleTree, rootOf } from '../chain/merkle.ts';
import type { BlockSource } from '../store/kubo.ts';
import { decodeManifest, decodeParts, type Part } from '../store/manifest.ts';
import { readVerified } from '../store/verified-file.ts';
import type { VerifyCache } from './cache.ts';
import { needs, Refuted, type Report } from './report.ts';

/** Content that is read whole. Larger items never pass the connectors' limits. */
const MAX_CONTENT = 256 * 1024 * 1024;

interface Listed {
  readonly hospital: string;
  readonly records: readonly SealedRecord[];
  readonly root: string;
}

export interface SealedBytes {
  /** As the manifest says it. */
  readonly hospital: string | undefined;
  readonly content: Uint8Array | undefined;
  readonly capsule: Uint8Array | undefined;
  readonly parts: readonly Part[] | undefined;
}

export async function checkStore(
  report: Report,
  receipt: Receipt,
  event: AnchorEvent | undefined,
  { kubo, cache, capsuleCid }: { kubo: BlockSource; cache: VerifyCache; capsuleCid: string | undefined },
  signal: AbortSignal,
): Promise<SealedBytes> {
  const { record, batch } = receipt;
  const listed = await report.check('manifest', signal, async () => {
    const found = await cache.get(`manifest ${batch.manifest}`, () => readManifest(kubo, batch.manifest, signal));
    if (found.root !== batch.root) throw new Refuted('the records of the manifest lead to another root');
    const tags = found.records.map((entry) => entry.tag);
    if (event && tags.join() !== event.tags.join())
      throw new Refuted('the tags of the manifest are not those anchored');
    return ['its records lead to the anchored root', found];
  });
  await report.check('entry', signal, async () => {
    const { records } = needs(listed, 'manifest');
    if (records.length !== batch.count) throw new Refuted('the manifest has another number of records');
    if (!sameRecord(records[receipt.index], record))
      throw new Refuted('the manifest holds another record at this place');
    return [`record ${receipt.index + 1} of ${batch.count}`, true];
  });
  await report.check('proof', signal, async () => {
    if (rootOf(leafOf(record), receipt.proof) !== batch.root) throw new Refuted('the proof does not lead to the root');
    return [`${receipt.proof.length} siblings lead to the root`, true];
  });
  const content = await report.check('content', signal, async () => {
    const bytes = await readWhole(kubo, record, signal);
    return [`${bytes.length} bytes, each block hashed`, bytes];
  });
  const capsule = await report.check('capsule', signal, async () => {
    const bytes = await kubo.blockGet(capsuleCid ?? record.capsuleCid, signal);
    return [`${bytes.length} bytes, hashed`, bytes];
  });
  const parts = await report.check('parts index', signal, async () => {
    const list = record.partsCid === undefined ? [] : decodeParts(await kubo.blockGet(record.partsCid, signal));
    const sealed = list.reduce((sum, part) => sum + part.size, needs(content, 'content').length);
    if (sealed !== record.size) throw new Refuted('the sizes do not add up to what the record says');
    return [list.length === 0 ? 'the record has no parts' : `${list.length} parts`, list];
  });
  return { hospital: listed?.hospital, content, capsule, parts };
}

async function readManifest(kubo: BlockSource, cid: string, signal: AbortSignal): Promise<Listed> {
  const { hospital, records } = decodeManifest(await kubo.blockGet(cid, signal));
  return { hospital, records, root: merkleTree(records.map(leafOf)).root };
}

async function readWhole(kubo: BlockSource, record: SealedRecord, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const limit = Math.min(record.size, MAX_CONTENT);
  for await (const chunk of readVerified(kubo, record.contentCid, limit, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function sameRecord(a: SealedRecord | undefined, b: SealedRecord): boolean {
  return (
    a !== undefined &&
    a.contentCid === b.contentCid &&
    a.capsuleCid === b.capsuleCid &&
    a.partsCid === b.partsCid &&
    a.size === b.size &&
    a.commitment === b.commitment &&
    a.tag === b.tag
  );
}
