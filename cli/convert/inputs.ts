/** The files that a command line names: files, folders with all below them, `-` for standard input. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { OpenFile } from '../../connectors/shared/folder-split.ts';
import { BridgeError } from '../../core/errors.ts';

export interface InputFile extends OpenFile {
  close(): void;
}

const WINDOW = 1 << 20;
/** What standard input may hold at most: it cannot be read a second time and is kept in memory. */
const STDIN_BYTES = 256 * 1024 * 1024;

/** In a fixed order; keys are relative to the named folder, with `/`. */
export async function* inputFiles(paths: readonly string[]): AsyncGenerator<InputFile> {
  for (const path of paths) {
    if (path === '-') yield await standardInput();
    else if (await isFolder(path)) yield* filesBelow(path, '');
    else yield openInput(path, basename(path));
  }
}

async function* filesBelow(root: string, below: string): AsyncGenerator<InputFile> {
  const entries = await readdir(join(root, below), { withFileTypes: true });
  const visible = entries.filter(({ name }) => !name.startsWith('.'));
  for (const entry of visible.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const key = below ? `${below}/${entry.name}` : entry.name;
    if (entry.isDirectory()) yield* filesBelow(root, key);
    else if (entry.isFile()) yield openInput(join(root, key), key);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    throw new BridgeError('source.missing', `there is no file or folder ${path}`, { hint: 'check the path' });
  }
}

/** Read without promises: a file of small messages is asked for many small stretches, most of them of one window. */
function openInput(path: string, key: string): InputFile {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    throw new BridgeError('source.unreadable', `the file ${path} cannot be read`, { hint: 'check its rights' });
  }
  const { size } = fstatSync(file);
  let window: Uint8Array = new Uint8Array();
  let start = 0;
  return {
    key,
    size,
    async read(offset, length) {
      const end = offset + Math.max(0, Math.min(length, WINDOW, size - offset));
      if (offset < start || end > start + window.length) {
        window = readWindow(file, offset, Math.min(WINDOW, size - offset));
        start = offset;
      }
      return window.subarray(offset - start, end - start);
    },
    close: () => closeSync(file),
  };
}

/** A new one each time: stretches of the one before may still be in use. */
function readWindow(file: number, offset: number, length: number): Uint8Array {
  const buffer = Buffer.allocUnsafeSlow(Math.max(0, length));
  return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, offset));
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
    close() {},
  };
}
