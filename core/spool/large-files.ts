import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fields, hkdfSha256 } from '../crypto/hkdf.ts';
import { openStream, type StreamOptions, sealStream } from '../crypto/message.ts';
import { BridgeError } from '../errors.ts';
import type { Stored } from './spool.ts';

const PROVIDER = 'dhc.spool';
const TEMPORARY = '.part';
/** Bytes that are read at once. */
const READ = 1 << 20;
/** No write takes so long. */
const STALE_MS = 24 * 3600_000;

/**
 * One file an item, named by its id: an AWS Encryption SDK message whose data key is derived from the spool key
 * and the id, with a random message id, so that no two writes share a key.
 */
export class LargeFiles {
  readonly #directory: string;
  readonly #key: Uint8Array;

  /** @param spoolKey 32 bytes */
  constructor(directory: string, spoolKey: Uint8Array) {
    this.#directory = directory;
    this.#key = spoolKey;
  }

  /** Durable under its name when this resolves; until then only a temporary file is there. */
  async write(id: string, source: AsyncIterable<Uint8Array>): Promise<Stored> {
    const temporary = join(this.#directory, `${id}.${randomBytes(6).toString('hex')}${TEMPORARY}`);
    try {
      const stored = await this.#writeTo(temporary, id, source);
      await rename(temporary, this.#path(id));
      await syncDirectory(this.#directory);
      return stored;
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }

  async #writeTo(path: string, id: string, source: AsyncIterable<Uint8Array>): Promise<Stored> {
    const hash = createHash('sha256');
    let size = 0;
    async function* measured() {
      for await (const chunk of source) {
        hash.update(chunk);
        size += chunk.length;
        yield chunk;
      }
    }
    const file = await open(path, 'wx', 0o600);
    try {
      for await (const sealed of sealStream(this.#message(id), measured(), { lend: true }))
        await writeAll(file, sealed);
      await file.sync();
    } finally {
      await file.close();
    }
    return { size, sha256: hash.digest('hex') };
  }

  #message(id: string) {
    return {
      dataKey: this.#dataKey(id),
      messageId: randomBytes(32),
      context: { 'dhc:spool': id },
      edks: [{ provider: PROVIDER, info: Buffer.from('1'), ciphertext: Buffer.from(id) }],
    };
  }

  #dataKey(id: string): Uint8Array {
    return hkdfSha256(this.#key, fields('dhc/spool-file/1', id), 32);
  }

  /** @throws BridgeError `spool.missing`, `seal.open` */
  async *read(id: string, options?: StreamOptions): AsyncGenerator<Uint8Array> {
    // The key is the id's own, so that another item's file in this place does not open.
    yield* openStream(this.#bytes(id), () => this.#dataKey(id), options);
  }

  /** Every piece in the same memory. */
  async *#bytes(id: string): AsyncGenerator<Uint8Array> {
    const file = await open(this.#path(id), 'r').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      throw new BridgeError('spool.missing', 'an item that was received is no longer in the spool');
    });
    const piece = Buffer.allocUnsafeSlow(READ);
    try {
      for (;;) {
        const { bytesRead } = await file.read(piece);
        if (bytesRead === 0) return;
        yield piece.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) await rm(this.#path(id), { force: true });
  }

  /**
   * Removes what a killed process left: writes that never ended, files whose item is gone.
   * @param isKnown whether the content of the item of this id is in a file
   */
  async sweep(isKnown: (id: string) => boolean): Promise<void> {
    for (const name of await readdir(this.#directory)) {
      if (isKnown(name)) continue;
      const path = join(this.#directory, name);
      // Another process may be between its file and its row, or have just removed both.
      const found = await stat(path).catch(() => null);
      if (found !== null && Date.now() - found.mtimeMs > STALE_MS) await rm(path, { force: true });
    }
  }

  #path(id: string): string {
    return join(this.#directory, id);
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
