/** The files that a command line names: files, folders with all below them, `-` for standard input. */
import { type FileHandle, lstat, open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { OpenFile } from '../../connectors/shared/folder-split.ts';
import { BridgeError } from '../../core/errors.ts';

export interface InputFile extends OpenFile {
  close(): Promise<void>;
}

const WINDOW = 1 << 20;
/** What standard input may hold at most: it cannot be read a second time and is kept in memory. */
const STDIN_BYTES = 256 * 1024 * 1024;

/** In a fixed order; keys are relative to the named folder, with `/`. */
export async function* inputFiles(paths: readonly string[]): AsyncGenerator<InputFile> {
  for (const path of paths) {
    if (path === '-') yield await standardInput();
    else if (await isFolder(path)) yield* filesBelow(path, '');
    else yield await openInput(path, basename(path));
  }
}

async function* filesBelow(root: string, below: string): AsyncGenerator<InputFile> {
  const names = (await readdir(join(root, below))).filter((name) => !name.startsWith('.')).sort();
  for (const name of names) {
    const key = below ? `${below}/${name}` : name;
    const found = await lstat(join(root, key));
    if (found.isDirectory()) yield* filesBelow(root, key);
    else if (found.isFile()) yield await openInput(join(root, key), key);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    throw new BridgeError('source.missing', `there is no file or folder ${path}`, { hint: 'check the path' });
  }
}

async function openInput(path: string, key: string): Promise<InputFile> {
  let handle: FileHandle;
  try {
    handle = await open(path);
  } catch {
    throw new BridgeError('source.unreadable', `the file ${path} cannot be read`, { hint: 'check its rights' });
  }
  const { size } = await handle.stat();
  return {
    key,
    size,
    async read(offset, length) {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, WINDOW, size - offset)));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
      return buffer.subarray(0, bytesRead);
    },
    close: () => handle.close(),
  };
}

async function standardInput(): Promise<InputFile> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > STDIN_BYTES)
      throw new BridgeError('source.too-large', 'standard input is larger than 256 MiB', { hint: 'give it as a file' });
    chunks.push(chunk);
  }
  const all = Buffer.concat(chunks);
  return {
    key: 'stdin',
    size,
    read: async (offset, length) => all.subarray(offset, offset + Math.min(length, WINDOW)),
    close: async () => {},
  };
}
