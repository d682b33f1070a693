/** Studies of a folder, in the order of a digest of their UID. */
import type { Checkpoint, ReadLimits, RefusedItem, SourceItem } from '../../core/types.ts';
import type { FolderConfig } from '../shared/folder-config.ts';
import { headOf, streamFile } from './file.ts';
import { type FolderFinding, type IndexedFile, indexFolder } from './folder-index.ts';
import { studyItem } from './study.ts';

/**
 * The order is cut into 256 buckets by its first byte; of each the sum of prints is kept, so that a cursor stays
 * small, names nobody and needs no clock. A bucket whose sum differs is handed over again; known items are
 * recognised by their id.
 */
export interface DicomFolderCursor {
  readonly v: 1;
  /** Bucket (2 hex digits) → sum of prints mod 2^64 in hex. */
  readonly buckets: Readonly<Record<string, string>>;
  /** A bucket that is read in part: with this sum, up to this order. */
  readonly open: { readonly sum: string; readonly after: string } | null;
}

const HEAD_BYTES = 65_536;
const FIRST: DicomFolderCursor = { v: 1, buckets: {}, open: null };

/** Keeps the last listing while one round goes on, so that not every batch looks at all headers again. */
export class FolderReader {
  readonly #folder: FolderConfig;
  #listing: { findings: FolderFinding[]; cursor: string } | null = null;

  constructor(folder: FolderConfig) {
    this.#folder = folder;
  }

  async *read(
    from: DicomFolderCursor | null,
    limits: ReadLimits,
    signal: AbortSignal,
  ): AsyncGenerator<SourceItem | RefusedItem | Checkpoint<DicomFolderCursor>> {
    const findings = await this.#findings(from, signal);
    let cursor = from ?? FIRST;
    let items = 0;
    let bytes = 0;
    for (const [bucket, members] of inBuckets(findings)) {
      const sum = sumOf(members);
      if (cursor.buckets[bucket] === sum) continue;
      const after = cursor.open?.sum === sum ? cursor.open.after : '';
      for (const finding of members) {
        if (finding.order <= after) continue;
        signal.throwIfAborted();
        if (items >= limits.items || bytes >= limits.bytes) {
          this.#listing = { findings, cursor: JSON.stringify(cursor) };
          yield { type: 'checkpoint', cursor };
          return;
        }
        const item = await itemOf(finding, limits.itemBytes);
        yield item;
        items++;
        bytes += item.type === 'item' ? item.bytes.length : 0;
        cursor = { ...cursor, open: { sum, after: finding.order } };
      }
      cursor = { v: 1, buckets: { ...cursor.buckets, [bucket]: sum }, open: null };
    }
    this.#listing = null;
    yield { type: 'checkpoint', cursor: withoutEmpty(cursor, findings) };
  }

  async #findings(cursor: DicomFolderCursor | null, signal: AbortSignal): Promise<FolderFinding[]> {
    if (cursor && this.#listing?.cursor === JSON.stringify(cursor)) return this.#listing.findings;
    return indexFolder(this.#folder, signal);
  }
}

function inBuckets(findings: readonly FolderFinding[]): Map<string, FolderFinding[]> {
  const buckets = new Map<string, FolderFinding[]>();
  for (const finding of findings) {
    const bucket = finding.order.slice(0, 2);
    const members = buckets.get(bucket);
    if (members) members.push(finding);
    else buckets.set(bucket, [finding]);
  }
  return buckets;
}

function sumOf(findings: readonly FolderFinding[]): string {
  return BigInt.asUintN(
    64,
    findings.reduce((sum, { print }) => sum + print, 0n),
  ).toString(16);
}

/** What has left the folder leaves the cursor, so that it is read again should it come back. */
function withoutEmpty(cursor: DicomFolderCursor, findings: readonly FolderFinding[]): DicomFolderCursor {
  const present = new Set(findings.map(({ order }) => order.slice(0, 2)));
  const kept = Object.entries(cursor.buckets).filter(([bucket]) => present.has(bucket));
  return { ...cursor, buckets: Object.fromEntries(kept) };
}

async function itemOf(finding: FolderFinding, itemBytes: number): Promise<SourceItem | RefusedItem> {
  if ('study' in finding) return studyOf(finding.study, finding.files, itemBytes);
  const { path, bytesPath, size } = finding.file;
  return {
    type: 'refused',
    sourceKey: path,
    kind: 'dicom',
    receivedAt: new Date().toISOString(),
    size,
    head: await headOf(bytesPath, HEAD_BYTES),
    code: finding.refused,
    detail: finding.detail,
  };
}

function studyOf(study: string, files: readonly IndexedFile[], itemBytes: number): SourceItem | RefusedItem {
  const places = new Map(files.map((file) => [file.sopInstanceUid, file]));
  const instances = files.map(({ sopInstanceUid, sopClassUid, seriesInstanceUid, transferSyntaxUid, path }) => ({
    sopInstanceUid,
    sopClassUid,
    seriesInstanceUid,
    ...(transferSyntaxUid ? { transferSyntaxUid } : {}),
    path,
  }));
  const item = studyItem(study, instances, (instance, signal) => {
    const file = places.get(instance.sopInstanceUid)!;
    return streamFile(file.bytesPath, file.size, signal);
  });
  return item.bytes.length > itemBytes ? tooLarge(item, itemBytes) : item;
}

/** A study of so many instances that its manifest exceeds the limit. */
export function tooLarge(item: SourceItem, itemBytes: number): RefusedItem {
  const { sourceKey, kind, receivedAt, bytes } = item;
  const detail = `the list of the study's instances is larger than ${itemBytes} bytes`;
  const head = bytes.slice(0, HEAD_BYTES);
  return { type: 'refused', sourceKey, kind, receivedAt, size: bytes.length, head, code: 'source.too-large', detail };
}
