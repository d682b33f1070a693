/** Walks a folder with constant memory: names are bytes, links are not followed, order is the file system's. */
import { constants, type Dir } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { BridgeError } from '../../core/errors.ts';
import type { FolderConfig } from './folder-config.ts';

export interface FolderEntry {
  /** Path from the root as the bytes that the file system has; `/` between names. */
  readonly path: Buffer;
  readonly size: number;
  readonly mtimeNs: bigint;
  /** Last change of content, name or rights: unlike mtime nobody can set it, and a move into the folder counts. */
  readonly ctimeNs: bigint;
  /** A folder that may not be listed; it is reported like an unreadable file. */
  readonly closed?: true;
}

const SEPARATOR = Buffer.from('/');
const DOT = 0x2e;
const UNFINISHED = ['.tmp', '.part', '.filepart'];
const STAT_AT_ONCE = 64;
/** Neither follows a link that replaced the file, nor waits for a writer of a pipe. */
export const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * Every settled file below the root that the configuration includes.
 * @throws BridgeError `source.missing` when the root is no folder, `source.refused` when it may not be listed
 */
export async function* walkFolder(folder: FolderConfig, signal: AbortSignal): AsyncGenerator<FolderEntry> {
  const root = Buffer.from(folder.path);
  const wanted = nameFilter(folder);
  const settled = settledBefore(folder.settleSeconds);
  const open: Buffer[] = [Buffer.alloc(0)];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const dir = await openFolder(root, at);
    if (dir === null) {
      const entry = await statEntry(root, at);
      if (entry) yield { ...entry, closed: true };
      continue;
    }
    for await (const names of inGroups(dir)) {
      signal.throwIfAborted();
      const here = at;
      open.push(...names.filter((name) => name.isFolder).map((name) => join(here, name.bytes)));
      const files = names.filter((name) => name.isFile && wanted(name.bytes));
      const entries = await Promise.all(files.map((name) => statEntry(root, join(here, name.bytes))));
      for (const entry of entries) if (entry !== null && settled(entry)) yield entry;
    }
  }
}

interface Name {
  readonly bytes: Buffer;
  readonly isFile: boolean;
  readonly isFolder: boolean;
}

async function* inGroups(dir: Dir): AsyncGenerator<Name[]> {
  let group: Name[] = [];
  for await (const found of dir) {
    const bytes = found.name as unknown as Buffer;
    if (bytes[0] === DOT) continue;
    group.push({ bytes, isFile: found.isFile(), isFolder: found.isDirectory() });
    if (group.length === STAT_AT_ONCE) {
      yield group;
      group = [];
    }
  }
  yield group;
}

/** Null for a folder below the root that may not be listed; one that is gone is empty. */
async function openFolder(root: Buffer, at: Buffer): Promise<Dir | null> {
  try {
    return await opendir(join(root, at), { encoding: 'buffer' as BufferEncoding, bufferSize: STAT_AT_ONCE });
  } catch (error) {
    if (at.length > 0) return null;
    throw rootError(error);
  }
}

/** The root cannot be listed: why, for people. */
export function rootError(cause: unknown): BridgeError {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return new BridgeError('source.missing', 'the folder does not exist', { cause });
  if (code === 'ENOTDIR') return new BridgeError('source.missing', 'the path is not a folder', { cause });
  if (code === 'EACCES' || code === 'EPERM') {
    return new BridgeError('source.refused', 'the folder may not be listed', { cause });
  }
  return new BridgeError('source.unreachable', 'the folder cannot be listed', { cause });
}

/** Null when the entry is gone; that is the one thing that may be passed over in silence. */
async function statEntry(root: Buffer, path: Buffer): Promise<FolderEntry | null> {
  try {
    const { size, mtimeNs, ctimeNs } = await lstat(join(root, path), { bigint: true });
    return { path, size: Number(size), mtimeNs, ctimeNs };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    return { path, size: 0, mtimeNs: 0n, ctimeNs: 0n };
  }
}

export function join(root: Buffer, path: Buffer): Buffer {
  if (root.length === 0 || path.length === 0) return root.length === 0 ? path : root;
  return Buffer.concat([root, SEPARATOR, path]);
}

function nameFilter({ include, exclude }: FolderConfig): (name: Buffer) => boolean {
  const lower = (suffixes: readonly string[]) => suffixes.map((suffix) => suffix.toLowerCase());
  const [yes, no] = [lower(include), lower([...exclude, ...UNFINISHED])];
  return (bytes) => {
    const name = bytes.toString('utf8').toLowerCase();
    return !no.some((end) => name.endsWith(end)) && (yes.length === 0 || yes.some((end) => name.endsWith(end)));
  };
}

function settledBefore(seconds: number): (entry: FolderEntry) => boolean {
  if (seconds === 0) return () => true;
  const latest = BigInt(Date.now() - Math.ceil(seconds * 1000)) * 1_000_000n;
  return (entry) => entry.ctimeNs <= latest;
}

/**
 * A path as text, one to one: a name that is not UTF-8 becomes an empty name followed by the hex of its bytes,
 * which no real path contains.
 */
export function pathText(path: Buffer): string {
  const names: string[] = [];
  for (let start = 0; start <= path.length; ) {
    const slash = path.indexOf(SEPARATOR, start);
    const end = slash === -1 ? path.length : slash;
    names.push(nameText(path.subarray(start, end)));
    start = end + 1;
  }
  return names.join('/');
}

function nameText(name: Buffer): string {
  const text = name.toString('utf8');
  return Buffer.from(text, 'utf8').equals(name) ? text : `/${name.toString('hex')}`;
}
