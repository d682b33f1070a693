/** Writes a CAR version 1 file (IPLD specification) whose one root is only known at the end. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { encode } from '@ipld/dag-cbor';
import type { CID } from 'multiformats/cid';
import type { Block } from './cid.ts';
import { blockCid, cidBytes, cidText, DAG_CBOR } from './cid.ts';

/** Blocks are gathered to this many bytes before they are written. */
const FLUSH = 4 * 1024 * 1024;

export class CarFile {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #seen = new Set<string>();
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #bytes = 0;

  /** Use `CarFile.create`. */
  constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Opens `path` + `.part`; the final name appears only with `finish`. */
  static async create(path: string): Promise<CarFile> {
    const car = new CarFile(path, await open(`${path}.part`, 'w', 0o600));
    // Every root of ours takes the same space, so that the header can be filled in at the end.
    await car.#append(header(blockCid(DAG_CBOR, new Uint8Array())));
    return car;
  }

  get blocks(): number {
    return this.#seen.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** A block that is already in the file is not written twice. */
  async put(block: Block): Promise<void> {
    await this.putNamed(cidText(block.cid), block.bytes);
  }

  /** The same for a block whose CID is at hand as text. */
  async putNamed(cid: string, bytes: Uint8Array): Promise<void> {
    if (this.#seen.has(cid)) return;
    this.#seen.add(cid);
    const name = cidBytes(cid);
    await this.#append(varint(name.length + bytes.length), name, bytes);
  }

  /** Names the root, makes the file durable and gives it its name. */
  async finish(root: CID): Promise<void> {
    await this.#flush();
    await this.#file.write(header(root), 0, undefined, 0);
    await this.#file.sync();
    await this.#file.close();
    await rename(`${this.#path}.part`, this.#path);
    const folder = await open(dirname(this.#path), 'r');
    await folder.sync().finally(() => folder.close());
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => {});
    await rm(`${this.#path}.part`, { force: true });
  }

  async #append(...chunks: Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      this.#pending.push(chunk);
      this.#pendingBytes += chunk.length;
      this.#bytes += chunk.length;
    }
    if (this.#pendingBytes >= FLUSH) await this.#flush();
  }

  async #flush(): Promise<void> {
    const chunk = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    for (let at = 0; at < chunk.length; ) at += (await this.#file.write(chunk, at)).bytesWritten;
  }
}

function header(root: CID): Uint8Array {
  const bytes = encode({ roots: [root], version: 1 });
  return Buffer.concat([varint(bytes.length), bytes]);
}

/** Unsigned LEB128. */
function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    out.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  out.push(rest);
  return Uint8Array.from(out);
}
