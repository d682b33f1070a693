/** What a service prints, in a file of bounded size: at the limit the file moves to `.1`, over the older one. */
import { closeSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export interface LogFile {
  write(bytes: Uint8Array): void;
  close(): void;
}

/** @param limit bytes; twice as much is kept on disk */
export function openLogFile(path: string, limit = 8 * 1024 * 1024): LogFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let file = openSync(path, 'a', 0o600);
  let size = statSync(path).size;

  function rotate(): void {
    closeSync(file);
    renameSync(path, `${path}.1`);
    file = openSync(path, 'a', 0o600);
    size = 0;
  }

  return {
    write(bytes) {
      try {
        if (size > 0 && size + bytes.length > limit) rotate();
        writeSync(file, bytes);
        size += bytes.length;
      } catch {
        // A full disk must not end the services; their log is the first thing that may be lost.
      }
    },
    close: () => closeSync(file),
  };
}
