/**
 * Finds every block of every batch, and of every set of later key packets, that a node lost or that rotted there, and
 * puts it back from wherever it is whole. No source is believed: what it gives is hashed.
 */
import { BridgeError } from '../../core/errors.ts';
import { CarArchive } from './car-archive.ts';
import type { BlockSource, Kubo } from './kubo.ts';
import { type RootRole, visitBatch } from './links.ts';
import { hashed } from './verified-file.ts';

export interface BatchToCheck {
  /** CID of the manifest, or of the set where `role` says so. */
  readonly manifest: string;
  /** Default: `manifest`. */
  readonly role?: RootRole;
  /** Its CAR file, which may be gone. */
  readonly carPath?: string;
  /** The manifest's bytes from elsewhere. */
  readonly rebuilt?: () => Uint8Array;
}

export interface NamedSource {
  /** For people: a host, `archive`. */
  readonly name: string;
  readonly blocks: BlockSource;
}

export interface Fault {
  readonly manifest: string;
  readonly cid: string;
  /** `damaged`: other bytes than those of its CID, or fewer. */
  readonly fault: 'missing' | 'damaged';
  /** Name of the source; undefined when no source had it. */
  restoredFrom: string | undefined;
}

export interface RepairReport {
  readonly batches: number;
  /** Hashed, each as often as batches hold it. */
  readonly blocks: number;
  readonly faults: readonly Fault[];
}

export interface RepairOptions {
  readonly node: Kubo;
  readonly batches: Iterable<BatchToCheck> | AsyncIterable<BatchToCheck>;
  /** Asked in this order, after the CAR archive. */
  readonly sources: readonly NamedSource[];
  readonly onProgress?: (report: RepairReport) => void;
  readonly signal?: AbortSignal;
}

/** Blocks that are asked for at the same time. */
const WIDTH = 16;
/** CIDs of one removal: they stand in its address. */
const REMOVED_AT_ONCE = 1000;

/**
 * May be interrupted and repeated at any time.
 * @returns all that was found; each batch without an unrestored fault is pinned afterwards
 * @throws BridgeError `store.*` when the node itself does not answer; a source that does not is passed over
 */
export async function repairNode(options: RepairOptions): Promise<RepairReport> {
  return new Repair(options).run();
}

class Repair {
  readonly #options: RepairOptions;
  readonly #faults: Fault[] = [];
  /** Damaged blocks that the node keeps although it was given the right ones, with their batches. */
  readonly #kept: { readonly fault: Fault; readonly batch: BatchToCheck }[] = [];
  #batches = 0;
  #blocks = 0;

  constructor(options: RepairOptions) {
    this.#options = options;
  }

  async run(): Promise<RepairReport> {
    for await (const batch of this.#options.batches) {
      this.#options.signal?.throwIfAborted();
      await this.#checkBatch(batch);
      this.#batches++;
      this.#options.onProgress?.(this.#report());
    }
    if (this.#kept.length > 0) await this.#replaceKept();
    return this.#report();
  }

  #report(): RepairReport {
    return { batches: this.#batches, blocks: this.#blocks, faults: this.#faults };
  }

  async #checkBatch(batch: BatchToCheck): Promise<void> {
    const { node, signal } = this.#options;
    const sources = new BatchSources(batch, this.#options.sources);
    const before = this.#faults.length;
    try {
      await visitBatch(batch.manifest, WIDTH, (cid) => this.#checkBlock(batch, cid, sources), batch.role);
    } finally {
      await sources.close();
    }
    const open = this.#faults.slice(before).some((fault) => fault.restoredFrom === undefined);
    if (!open && !(await node.isPinned(batch.manifest, signal))) await node.pin(batch.manifest, signal);
  }

  /** @returns the right bytes, from wherever they are; undefined when nobody has them */
  async #checkBlock(batch: BatchToCheck, cid: string, sources: BatchSources): Promise<Uint8Array | undefined> {
    const own = await this.#local(cid);
    this.#blocks++;
    if (typeof own !== 'string') return own;
    const fault: Fault = { manifest: batch.manifest, cid, fault: own, restoredFrom: undefined };
    this.#faults.push(fault);
    const found = await sources.find(cid, this.#options.signal);
    if (found === undefined) return undefined;
    if (!(await this.#restore(fault, found))) this.#kept.push({ fault, batch });
    return found.bytes;
  }

  async #restore(fault: Fault, found: Found): Promise<boolean> {
    await this.#options.node.blockPut(fault.cid, found.bytes, this.#options.signal);
    if (typeof (await this.#local(fault.cid)) === 'string') return false;
    fault.restoredFrom = found.source;
    return true;
  }

  async #local(cid: string): Promise<Uint8Array | Fault['fault']> {
    try {
      return await this.#options.node.blockLocal(cid, this.#options.signal);
    } catch (error) {
      if (error instanceof BridgeError && error.code === 'store.missing') return 'missing';
      if (error instanceof BridgeError && error.code === 'store.mismatch') return 'damaged';
      throw error;
    }
  }

  /**
   * Some block stores write nothing over what they have. Such a block is removed first, which Kubo does only
   * while no pin holds it; that is asked once for all of them, because Kubo walks all pins to find out.
   */
  async #replaceKept(): Promise<void> {
    const { node, signal } = this.#options;
    const batches = Map.groupBy(this.#kept, ({ batch }) => batch);
    for (const { manifest } of batches.keys()) await node.unpin(manifest, signal);
    const cids = [...new Set(this.#kept.map(({ fault }) => fault.cid))];
    for (let at = 0; at < cids.length; at += REMOVED_AT_ONCE)
      await node.blockRm(cids.slice(at, at + REMOVED_AT_ONCE), signal);
    for (const [batch, kept] of batches) {
      const sources = new BatchSources(batch, this.#options.sources);
      try {
        for (const { fault } of kept) {
          const found = await sources.find(fault.cid, signal);
          if (found !== undefined) await this.#restore(fault, found);
        }
      } finally {
        await sources.close();
      }
      const open = this.#faults.some((one) => one.manifest === batch.manifest && one.restoredFrom === undefined);
      if (!open) await node.pin(batch.manifest, signal);
    }
  }
}

interface Found {
  readonly bytes: Uint8Array;
  /** Its name. */
  readonly source: string;
}

/** Where blocks of one batch may be whole; the CAR file is opened when first needed. */
class BatchSources {
  readonly #batch: BatchToCheck;
  readonly #sources: readonly NamedSource[];
  #archive: Promise<CarArchive | undefined> | undefined;

  constructor(batch: BatchToCheck, sources: readonly NamedSource[]) {
    this.#batch = batch;
    this.#sources = sources;
  }

  async find(cid: string, signal?: AbortSignal): Promise<Found | undefined> {
    for (const { name, blocks } of await this.#all()) {
      try {
        return { bytes: await hashed(blocks).blockGet(cid, signal), source: name };
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof BridgeError)) throw error;
      }
    }
    return undefined;
  }

  async close(): Promise<void> {
    await (await this.#archive)?.close();
  }

  async #all(): Promise<NamedSource[]> {
    const { carPath, manifest, rebuilt } = this.#batch;
    if (carPath !== undefined) this.#archive ??= CarArchive.open(carPath).catch(() => undefined);
    const archive = await this.#archive;
    return [
      ...(archive ? [{ name: 'archive', blocks: archive }] : []),
      ...this.#sources,
      ...(rebuilt ? [{ name: 'journal', blocks: only(manifest, rebuilt) }] : []),
    ];
  }
}

function only(cid: string, bytes: () => Uint8Array): BlockSource {
  return {
    async blockGet(asked) {
      if (asked !== cid) throw new BridgeError('store.missing', 'only the manifest can be made again');
      return bytes();
    },
  };
}
