/**
 * What lies on disk between two steps: encrypted, durable when a promise resolves, deleted when done with.
 * Up to 1 MiB in an SQLite file (one commit for many items), larger ones each in a file of their own.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StreamOptions } from '../crypto/message.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { LargeFiles } from './large-files.ts';
import { SmallItems } from './small-items.ts';

export interface SpoolItem {
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface Stored {
  /** Bytes before encryption. */
  readonly size: number;
  /** Of the bytes before encryption, hex. */
  readonly sha256: string;
}

export interface Usage {
  readonly items: number;
  /** Bytes before encryption. */
  readonly bytes: number;
}

/**
 * Ids are opaque: lower-case letters, digits, dots and hyphens, at most 128, e.g. `<item id>.raw`. They are
 * visible on disk, so they are never made of a value. Writing an id again replaces its content.
 */
export interface Spool {
  put(id: string, bytes: Uint8Array): Promise<void>;
  /** All of them or none, in one durable transaction. */
  putMany(items: readonly SpoolItem[]): Promise<void>;
  /** Memory is bounded by a chunk. When the source throws, nothing is stored and its error is passed on. */
  putStream(id: string, source: AsyncIterable<Uint8Array>): Promise<Stored>;
  /** Whole content, null when there is none. @throws BridgeError `seal.open` when the disk gives other bytes back */
  get(id: string): Promise<Uint8Array | null>;
  /**
   * The content as a stream; each chunk is authenticated, that it is whole is known at the end.
   * @throws BridgeError `spool.missing`, `seal.open`, when read
   */
  open(id: string, options?: StreamOptions): AsyncIterable<Uint8Array>;
  has(id: string): boolean;
  /** All ids, in no order. */
  ids(): Iterable<string>;
  /** Ids that are not there are passed over. */
  remove(ids: readonly string[]): Promise<void>;
  usage(): Usage;
  close(): void;
}

/** Opens the spool in a folder, which is made when missing. Several processes may have it open. */
export async function openSpool(directory: string, keystore: Keystore): Promise<Spool> {
  const filesDirectory = join(directory, 'large');
  mkdirSync(filesDirectory, { recursive: true, mode: 0o700 });
  const key = keystore.hospitalKey('dhc/spool/1');
  const items = new SmallItems(join(directory, 'spool.db'), key);
  const files = new LargeFiles(filesDirectory, key);
  await files.sweep((id) => items.isLarge(id));
  return new DiskSpool(items, files);
}

const ID = /^[0-9a-z][0-9a-z.-]{0,127}$/;
const SMALL = 1 << 20;

class DiskSpool implements Spool {
  /** Knows every item; the content of large ones is in `#files`. */
  readonly #items: SmallItems;
  readonly #files: LargeFiles;

  constructor(items: SmallItems, files: LargeFiles) {
    this.#items = items;
    this.#files = files;
  }

  put(id: string, bytes: Uint8Array): Promise<void> {
    return this.putMany([{ id, bytes }]);
  }

  async putMany(items: readonly SpoolItem[]): Promise<void> {
    for (const { id } of items) checkId(id);
    const large = items.filter((item) => item.bytes.length > SMALL);
    for (const { id, bytes } of large) await this.#files.write(id, once(bytes));
    this.#items.put(
      items.map(({ id, bytes }) => ({ id, size: bytes.length, bytes: bytes.length > SMALL ? null : bytes })),
    );
  }

  async putStream(id: string, source: AsyncIterable<Uint8Array>): Promise<Stored> {
    checkId(id);
    const stored = await this.#files.write(id, source);
    this.#items.put([{ id, size: stored.size, bytes: null }]);
    return stored;
  }

  async get(id: string): Promise<Uint8Array | null> {
    checkId(id);
    const item = this.#items.get(id);
    if (item === null) return null;
    if (item.bytes !== null) return item.bytes;
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.#files.read(id)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async *open(id: string, options?: StreamOptions): AsyncGenerator<Uint8Array> {
    checkId(id);
    const item = this.#items.get(id);
    if (item !== null && item.bytes !== null) yield item.bytes;
    else yield* this.#files.read(id, options);
  }

  has(id: string): boolean {
    checkId(id);
    return this.#items.has(id);
  }

  ids(): Iterable<string> {
    return this.#items.ids();
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) checkId(id);
    const large = this.#items.remove(ids);
    await this.#files.remove(large);
  }

  usage(): Usage {
    return this.#items.usage();
  }

  close(): void {
    this.#items.close();
  }
}

/** An id becomes a file name. */
function checkId(id: string): void {
  if (!ID.test(id)) throw new RangeError('not a spool id');
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
