/**
 * Which studies a folder holds. Files of one study may lie anywhere, so all headers are looked at before the first
 * study is complete; of each file only UIDs and path stay in memory.
 */
import { createHash } from 'node:crypto';
import type { ErrorCode } from '../../core/codes.ts';
import { asBridgeError, BridgeError } from '../../core/errors.ts';
import type { FolderConfig } from '../shared/folder-config.ts';
import { type FolderEntry, join, pathText, walkFolder } from '../shared/folder-walk.ts';
import { digestOf, type FileInstance, readInstance } from './file.ts';

export interface IndexedFile extends FileInstance {
  readonly path: string;
  readonly bytesPath: Buffer;
  readonly size: number;
}

/** A study, or a file that is no part of any. */
export type FolderFinding = {
  /** SHA-256 of the source key: order of reading. */
  readonly order: string;
  /** Changes when what would be handed over changes. */
  readonly print: bigint;
} & (
  | { readonly study: string; readonly files: readonly IndexedFile[] }
  | { readonly refused: ErrorCode; readonly detail: string; readonly file: RefusedFile }
);

export interface RefusedFile {
  readonly path: string;
  readonly bytesPath: Buffer;
  readonly size: number;
}

/** About 400 bytes each are held. */
const MAX_FILES = 1_000_000;
const AT_ONCE = 8;

/** Sorted by `order`. @throws BridgeError `source.*` when the folder cannot be listed or holds too many files */
export async function indexFolder(folder: FolderConfig, signal: AbortSignal): Promise<FolderFinding[]> {
  const root = Buffer.from(folder.path);
  const studies = new Map<string, Map<string, IndexedFile>>();
  const refused: FolderFinding[] = [];
  let count = 0;
  const add = async (entry: FolderEntry) => {
    if (++count > MAX_FILES) {
      throw new BridgeError('source.too-large', `the folder holds more than ${MAX_FILES} files`, {
        hint: 'split it into several feeds, one for each subfolder',
      });
    }
    const file = { path: pathText(entry.path), bytesPath: join(root, entry.path), size: entry.size };
    const found = await readInstance(file.bytesPath).catch((error: unknown) =>
      asBridgeError(error, 'source.unreadable', 'the file cannot be read'),
    );
    if (found instanceof BridgeError) refused.push(refusedFinding(file, found, entry));
    else refused.push(...(await place(studies, { ...found, ...file }, entry)));
  };
  await eachOf(walkFolder(folder, signal), add);
  const findings = [...[...studies].map(([study, files]) => studyFinding(study, [...files.values()])), ...refused];
  return findings.sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0));
}

async function eachOf<T>(source: AsyncIterable<T>, act: (one: T) => Promise<void>): Promise<void> {
  let group: T[] = [];
  for await (const one of source) {
    group.push(one);
    if (group.length < AT_ONCE) continue;
    await Promise.all(group.map(act));
    group = [];
  }
  await Promise.all(group.map(act));
}

/** Of two files with one SOP Instance UID the one with the smaller path counts; a second one with other content is refused. */
async function place(
  studies: Map<string, Map<string, IndexedFile>>,
  file: IndexedFile,
  entry: FolderEntry,
): Promise<FolderFinding[]> {
  const files = studies.get(file.studyInstanceUid) ?? new Map<string, IndexedFile>();
  studies.set(file.studyInstanceUid, files);
  const other = files.get(file.sopInstanceUid);
  const [first, second] = other && other.path < file.path ? [other, file] : [file, other];
  files.set(file.sopInstanceUid, first);
  if (
    !second ||
    (first.size === second.size && (await digestOf(first.bytesPath)) === (await digestOf(second.bytesPath)))
  ) {
    return [];
  }
  return [
    refusedFinding(
      second,
      new BridgeError('item.format', 'another file has the same SOP Instance UID and other content'),
      entry,
    ),
  ];
}

function studyFinding(study: string, files: readonly IndexedFile[]): FolderFinding {
  const lines = files.map((file) => `${file.sopInstanceUid} ${file.path} ${file.size}`).sort();
  return { order: sha256(study).toString('hex'), print: printOf([study, ...lines].join('\n')), study, files };
}

function refusedFinding(file: RefusedFile, error: BridgeError, entry: FolderEntry): FolderFinding {
  const print = printOf(`${file.path} ${file.size} ${entry.ctimeNs} ${error.code}`);
  return { order: sha256(file.path).toString('hex'), print, refused: error.code, detail: error.message, file };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function printOf(text: string): bigint {
  return sha256(text).readBigUInt64BE();
}
