/**
 * The embedded chain on disk. anvil's own `--state` is written at a clean exit only, and in place; here
 * each snapshot is a new file that gets its name when it is complete and on the disk. The newest two are kept.
 */
import { createWriteStream, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { syncFolder } from '../files.ts';

const KEPT = 2;
const NAME = /^state-(\d{10})\.json$/;

export interface Snapshots {
  /** Path of the newest one that was not set aside, for `--load-state`. */
  newest(): string | undefined;
  /** @param dump what `anvil_dumpState` returned: 0x-hex of gzipped JSON */
  save(dump: string): Promise<void>;
  /** Renames the newest to `….unreadable` if it is no JSON, so that the one before it is tried. Returns whether it did. */
  setAsideDamaged(): boolean;
  /** Whether a chain ever lived here; then an empty one must not be started in its place. */
  exist(): boolean;
}

export function openSnapshots(folder: string): Snapshots {
  mkdirSync(folder, { recursive: true, mode: 0o700 });

  /** Oldest first. */
  function numbers(): number[] {
    return readdirSync(folder)
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  const pathOf = (number: number) => join(folder, `state-${String(number).padStart(10, '0')}.json`);

  return {
    newest() {
      const last = numbers().at(-1);
      return last === undefined ? undefined : pathOf(last);
    },
    async save(dump) {
      const temporary = join(folder, 'state.tmp');
      const json = Readable.from([Buffer.from(dump.slice(2), 'hex')]).pipe(createGunzip());
      await pipeline(json, createWriteStream(temporary, { mode: 0o600 }));
      await sync(temporary);
      renameSync(temporary, pathOf((numbers().at(-1) ?? 0) + 1));
      syncFolder(folder);
      for (const old of numbers().slice(0, -KEPT)) rmSync(pathOf(old));
    },
    setAsideDamaged() {
      const last = numbers().at(-1);
      if (last === undefined || isJson(pathOf(last))) return false;
      renameSync(pathOf(last), `${pathOf(last)}.unreadable`);
      return true;
    },
    exist: () => readdirSync(folder).some((name) => name.startsWith('state-')),
  };
}

function isJson(path: string): boolean {
  try {
    JSON.parse(readFileSync(path, 'utf8'));
    return true;
  } catch (error) {
    // Other faults, such as a file that is too large for one string, say nothing about its content.
    return !(error instanceof SyntaxError);
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
