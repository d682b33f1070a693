/** Blocks out of a kept CAR file: an index of places in memory, the bytes read from disk when they are asked for. */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { CarIndexer } from '@ipld/car';
import { BridgeError } from '../../core/errors.ts';
import type { BlockSource } from './kubo.ts';

interface Place {
  readonly offset: number;
  readonly length: number;
}

export class CarArchive implements BlockSource {
  readonly #file: FileHandle;
  readonly #places: ReadonlyMap<string, Place>;

  /** Use `CarArchive.open`. */
  constructor(file: FileHandle, places: ReadonlyMap<string, Place>) {
    this.#file = file;
    this.#places = places;
  }

  /** A file that is damaged in the middle gives what lies before. @throws BridgeError `store.missing` without a file */
  static async open(path: string): Promise<CarArchive> {
    const file = await open(path, 'r').catch((cause) => {
      throw new BridgeError('store.missing', 'the CAR archive does not have a batch', { cause });
    });
    return new CarArchive(file, await index(path));
  }

  /** Not hashed here: see `hashed`. @throws BridgeError `store.missing` */
  async blockGet(cid: string): Promise<Uint8Array> {
    const place = this.#places.get(cid);
    if (place === undefined) throw new BridgeError('store.missing', 'the CAR archive does not have a block');
    const bytes = Buffer.alloc(place.length);
    const { bytesRead } = await this.#file.read(bytes, 0, place.length, place.offset);
    return bytes.subarray(0, bytesRead);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function index(path: string): Promise<Map<string, Place>> {
  const places = new Map<string, Place>();
  try {
    for await (const { cid, blockOffset, blockLength } of await CarIndexer.fromIterable(createReadStream(path)))
      places.set(cid.toString(), { offset: blockOffset, length: blockLength });
  } catch {
    // Rotten or cut off: what was found until here may still hold the block that is looked for.
  }
  return places;
}
