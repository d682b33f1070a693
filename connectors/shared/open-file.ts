/** Opens one listed file, sure that it is still the file that was listed. */
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { type Placed, place } from './folder-cursor.ts';
import type { OpenFile } from './folder-split.ts';
import { join, OPEN_FLAGS } from './folder-walk.ts';

const WINDOW = 1 << 20;

export interface OpenedFile extends OpenFile {
  /** True when the file was changed since it was listed: what was read of it may be torn. */
  changed(): Promise<boolean>;
  close(): Promise<void>;
}

/** @returns `gone` where the file is not there or another has its name, `unreadable` where it may not be read */
export async function openFile(root: Buffer, file: Placed, key: string): Promise<OpenedFile | 'gone' | 'unreadable'> {
  const path = join(root, file.entry.path);
  if (file.entry.closed) return 'unreadable';
  let handle: FileHandle;
  try {
    handle = await open(path, OPEN_FLAGS);
  } catch {
    return (await isGone(path)) ? 'gone' : 'unreadable';
  }
  const opened: OpenedFile = {
    key,
    size: file.entry.size,
    async read(offset, length) {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, WINDOW, file.entry.size - offset)));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
      return buffer.subarray(0, bytesRead);
    },
    async changed() {
      const { size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
      return place({ path: file.entry.path, size: Number(size), mtimeNs, ctimeNs }).print !== file.print;
    },
    close: () => handle.close(),
  };
  if (!(await opened.changed())) return opened;
  await handle.close();
  return 'gone';
}

async function isGone(path: Buffer): Promise<boolean> {
  try {
    return !(await lstat(path)).isFile();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' || code === 'ENOTDIR';
  }
}
