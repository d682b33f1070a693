/** Looks at every block that a pin of ours holds, here and on the replicas, and restores what was lost or has rotted. */
import { existsSync } from 'node:fs';
import type { Kubo } from '../anchor/store/kubo.ts';
import { encodeManifest } from '../anchor/store/manifest.ts';
import {
  type BatchToCheck,
  type Fault,
  type NamedSource,
  type RepairReport,
  repairNode,
} from '../anchor/store/repair.ts';
import { KuboReplica } from '../anchor/store/replica.ts';
import { BridgeError } from '../core/errors.ts';
import type { RecordRow } from '../core/journal/index.ts';
import type { SealedRecord } from '../core/types.ts';
import { copyTo } from '../workflows/activities/copies.ts';
import type { Bridge } from '../workflows/bridge.ts';
import { capsulesCar } from './custody/change.ts';

export interface NodeReport {
  /** `first`, or the replica's name. */
  readonly node: string;
  readonly batches: number;
  readonly blocks: number;
  readonly found: number;
  readonly restored: number;
  readonly unrestorable: readonly Fault[];
  /** Why the node could not be looked at. */
  readonly error?: string;
}

export interface Repaired {
  readonly nodes: readonly NodeReport[];
  /** Copies that a place had missed and has now. */
  readonly copied: number;
}

interface Place {
  /** Id of the hospital. */
  readonly hospital: string;
  /** Where CAR files are kept. */
  readonly cars: string;
}

type Progress = (node: string, report: RepairReport) => void;

/** The first node from archive and replicas, then each replica from the first node and the others. */
export async function repairAll(
  bridge: Bridge,
  place: Place,
  log: Parameters<typeof copyTo>[0]['log'],
  signal: AbortSignal,
  onProgress: Progress,
): Promise<Repaired> {
  const replicas = bridge.copyTargets.filter((target) => target instanceof KuboReplica);
  const others = (own: Kubo): NamedSource[] =>
    [{ name: 'first', node: bridge.kubo }, ...replicas]
      .filter(({ node }) => node !== own)
      .map(({ name, node }) => ({ name, blocks: node }));
  const look = (name: string, node: Kubo) => {
    const batches = pinned(bridge, place);
    const tell = (report: RepairReport) => onProgress(name, report);
    return repairNode({ node, batches, sources: others(node), onProgress: tell, signal });
  };
  const nodes = [summary('first', await look('first', bridge.kubo))];
  const copied = await copyMissed(bridge, log, signal);
  for (const { name, node } of replicas) {
    try {
      nodes.push(summary(name, await look(name, node)));
    } catch (error) {
      if (signal.aborted || !(error instanceof BridgeError)) throw error;
      nodes.push({ ...summary(name, { batches: 0, blocks: 0, faults: [] }), error: error.message });
    }
  }
  return { nodes, copied };
}

async function copyMissed(
  bridge: Bridge,
  log: Parameters<typeof copyTo>[0]['log'],
  signal: AbortSignal,
): Promise<number> {
  const { journal, kubo, copyTargets: targets } = bridge;
  const deps = { journal, kubo, copies: { targets, required: 1 }, log };
  let copied = 0;
  for (const target of targets) {
    try {
      for (const batch of await journal.withoutCopy(target.name, Number.MAX_SAFE_INTEGER)) {
        await copyTo(deps, target, batch, signal);
        copied++;
      }
    } catch {
      // Away or full; it is in the log, and the batches are still owed.
      signal.throwIfAborted();
    }
  }
  return copied;
}

/** The journal's batches, and after claims and rotations the patients' later key packets. */
async function* pinned(bridge: Bridge, place: Place): AsyncGenerator<BatchToCheck> {
  yield* storedBatches(bridge, place.hospital);
  yield* laterCapsules(bridge, place.cars);
}

function* laterCapsules({ keystore }: Bridge, cars: string): Generator<BatchToCheck> {
  for (const ref of keystore.patients()) {
    const { capsules } = keystore.custody(ref);
    if (capsules === undefined) continue;
    const carPath = capsulesCar(cars, capsules);
    yield { manifest: capsules, role: 'capsules', ...(existsSync(carPath) && { carPath }) };
  }
}

async function* storedBatches({ journal }: Bridge, hospital: string): AsyncGenerator<BatchToCheck> {
  const batches = await journal.batches({ states: ['stored', 'included', 'final'], limit: Number.MAX_SAFE_INTEGER });
  for (const { id, manifestCid, carPath, quality } of batches) {
    const records = (await journal.batchRecords(id)).map(sealedRecord);
    const rebuilt = () => encodeManifest({ hospital, records, ...(quality !== null && { quality }) }).bytes;
    const archive = carPath !== null && existsSync(carPath) ? { carPath } : {};
    yield { manifest: manifestCid!, ...archive, rebuilt };
  }
}

function sealedRecord({ contentCid, capsuleCid, partsCid, size, commitment, tag }: RecordRow): SealedRecord {
  return { contentCid, capsuleCid, ...(partsCid === undefined ? {} : { partsCid }), size, commitment, tag };
}

function summary(node: string, { batches, blocks, faults }: RepairReport): NodeReport {
  const unrestorable = faults.filter((fault) => fault.restoredFrom === undefined);
  return { node, batches, blocks, found: faults.length, restored: faults.length - unrestorable.length, unrestorable };
}
