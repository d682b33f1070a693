/** A further Kubo node that keeps every batch, pinned as on the first one. */
import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import type { Kubo } from './kubo.ts';

/** A batch that lies, pinned, on the first node. */
export interface BatchToCopy {
  /** CID of the manifest. */
  readonly manifest: string;
  /** Its CAR file, which may be gone. */
  readonly carPath?: string;
  /** CIDs of the sealed parts, which no CAR file holds. */
  readonly parts: readonly string[];
}

/** A place that keeps copies: a Kubo node, a pinning service. */
export interface CopyTarget {
  /** For the journal and for people; no credentials. */
  readonly name: string;
  /**
   * Resolves when the place has the batch with all parts, pinned. Repeating it is harmless.
   * @throws BridgeError `store.*`
   */
  keep(batch: BatchToCopy, signal?: AbortSignal): Promise<void>;
}

export class KuboReplica implements CopyTarget {
  readonly name: string;
  readonly node: Kubo;
  readonly #first: Kubo;

  /** @param first where parts, and batches without a CAR file, are read from; as a stream, never whole */
  constructor(name: string, node: Kubo, first: Kubo) {
    this.name = name;
    this.node = node;
    this.#first = first;
  }

  async keep({ manifest, carPath, parts }: BatchToCopy, signal?: AbortSignal): Promise<void> {
    if (await this.node.isPinned(manifest, signal)) return;
    for (const part of parts)
      if (!(await this.node.isPinned(part, signal)))
        await this.#import(this.#first.dagExport(part, signal), part, signal);
    const car = (await readable(carPath))
      ? createReadStream(carPath!, { highWaterMark: 1 << 20 })
      : this.#first.dagExport(manifest, signal);
    await this.#import(car, manifest, signal);
    // The manifest holds them now.
    for (const part of parts) await this.node.unpin(part, signal);
  }

  async #import(car: AsyncIterable<Uint8Array>, root: string, signal?: AbortSignal): Promise<void> {
    await this.node.importCar(car, root, signal);
  }
}

async function readable(path: string | undefined): Promise<boolean> {
  if (path === undefined) return false;
  return access(path).then(
    () => true,
    () => false,
  );
}
