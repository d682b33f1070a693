/** Moves a file to the archive when all that it held has reached its end, and only if it is still what was read. */
import { constants } from 'node:fs';
import { copyFile, link, lstat, mkdir, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Outcome } from '../../core/types.ts';
import type { FolderConfig } from './folder-config.ts';
import { type Placed, place } from './folder-cursor.ts';
import type { Piece } from './folder-split.ts';
import { join } from './folder-walk.ts';

interface Watched {
  readonly file: Placed;
  /** Source keys of the file that have not reached their end. */
  readonly waiting: Set<string>;
  complete: boolean;
}

/** Files watched at once; the oldest are let go and stay where they are. */
const MOST = 100_000;

/**
 * Knows only what this process read: a file that an earlier process read stays in its folder, which is always safe.
 * So does a file of which any part was refused.
 */
export class Archive {
  readonly #folder: FolderConfig;
  readonly #watched = new Map<string, Watched>();

  constructor(folder: FolderConfig) {
    this.#folder = folder;
  }

  /** Notes a piece that was handed over. */
  saw(key: string, file: Placed, piece: Piece): void {
    if (this.#folder.archiveTo === undefined) return;
    let watched = this.#watched.get(key);
    if (watched?.file.print !== file.print) watched = undefined;
    if (!watched) {
      watched = { file, waiting: new Set(), complete: false };
      this.#watched.set(key, watched);
      if (this.#watched.size > MOST) this.#watched.delete(this.#watched.keys().next().value!);
    }
    watched.waiting.add(`${key}${piece.suffix}`);
  }

  /** Notes that the file has no further pieces. */
  complete(key: string): void {
    const watched = this.#watched.get(key);
    if (watched) watched.complete = true;
  }

  async settle(sourceKeys: readonly string[], outcome: Outcome): Promise<void> {
    if (outcome === 'dead-letter') return;
    for (const sourceKey of sourceKeys) {
      const [key, watched] = this.#find(sourceKey);
      if (!watched) continue;
      watched.waiting.delete(sourceKey);
      if (!watched.complete || watched.waiting.size > 0) continue;
      this.#watched.delete(key);
      await this.#move(watched.file);
    }
  }

  #find(sourceKey: string): [string, Watched | undefined] {
    const whole = this.#watched.get(sourceKey);
    if (whole) return [sourceKey, whole];
    const key = sourceKey.slice(0, Math.max(0, sourceKey.lastIndexOf('#')));
    return [key, this.#watched.get(key)];
  }

  async #move({ entry, print }: Placed): Promise<void> {
    const from = join(Buffer.from(this.#folder.path), entry.path);
    const now = await lstat(from, { bigint: true }).catch(() => null);
    if (!now) return;
    const { size, mtimeNs, ctimeNs } = now;
    if (place({ path: entry.path, size: Number(size), mtimeNs, ctimeNs }).print !== print) return;
    const to = join(Buffer.from(this.#folder.archiveTo!), entry.path);
    await mkdir(dirnameOf(to), { recursive: true });
    for (let again = 0; ; again++) {
      if (await moveTo(from, again === 0 ? to : Buffer.concat([to, Buffer.from(`.${again}`)]))) return;
    }
  }
}

function dirnameOf(path: Buffer): Buffer {
  return Buffer.from(dirname(path.toString('latin1')), 'latin1');
}

/** Never overwrites. @returns false when the name is taken */
async function moveTo(from: Buffer, to: Buffer): Promise<boolean> {
  try {
    // Where the file system has no hard links, or the archive is another one.
    await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_EXCL));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await unlink(from);
  return true;
}
