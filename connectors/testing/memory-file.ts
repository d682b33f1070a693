/** A file in memory that gives out small windows, so that every seam between them is met. */
import type { OpenFile } from '../shared/folder-split.ts';

export function memoryFile(bytes: Uint8Array, window = Number.POSITIVE_INFINITY): OpenFile {
  return {
    key: 'file',
    size: bytes.length,
    read: async (offset, length) => bytes.subarray(offset, offset + Math.min(length, window)),
  };
}
