/**
 * A patient's keys change: claimed by the patient, or renewed by the hospital. Each step is durable and may be repeated;
 * the old keys are destroyed last, when every record has its new capsule and the list of them is safe.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { capsuleListBundle, capsuleSet, type ListedCapsule } from '../../anchor/seal/capsule-list.ts';
import { type PacketName, packetFor } from '../../anchor/seal/key-packet.ts';
import { CarFile } from '../../anchor/store/car.ts';
import { type Block, blockCid, DAG_CBOR } from '../../anchor/store/cid.ts';
import { BridgeError } from '../../core/errors.ts';
import { itemId } from '../../core/ids.ts';
import type { ClaimedKeys } from '../../core/keystore/keystore.ts';
import type { Bridge } from '../../workflows/bridge.ts';
import { KEYS_FEED, listedCapsules, recordsOf, rewrap } from './records.ts';

export interface CustodyContext {
  readonly bridge: Bridge;
  /** The hospital's id. */
  readonly hospital: string;
  /** Where CAR files are kept. */
  readonly cars: string;
  readonly keyPacket: PacketName;
  readonly signal: AbortSignal;
  onProgress?(done: number, all: number): void;
}

export interface Changed {
  readonly ref: string;
  readonly records: number;
  /** Root of the new capsules. */
  readonly capsules: string;
  /** Batch of the list that the patient finds by its tag; empty where nothing had to be wrapped anew. */
  readonly list: string;
  readonly generation: number;
}

const LIST_MAP = { name: 'capsule-list', version: '1', sha256: '0'.repeat(64) };
const SEALING_WAIT_MS = 60_000;

/**
 * @param claim the patient's own public keys; without it the hospital draws new custody keys
 * @throws BridgeError `cli.not-found` for a patient without keys, `cli.busy`, `seal.open`, `store.*`
 */
export async function changeKeys(context: CustodyContext, ref: string, claim?: ClaimedKeys): Promise<Changed> {
  const { bridge } = context;
  const before = bridge.keystore.custody(ref);
  if (before.holder === 'patient' && !claim)
    throw new BridgeError('cli.usage', "the patient's keys are the patient's own", {
      hint: 'only the patient can renew them: give the new public keys with --keys',
    });
  bridge.keystore.beginChange(ref, claim);
  await sealingSettled(context);
  const { keyPacket, signal } = context;
  const { generation } = bridge.keystore.custody(ref);
  const keys = bridge.keystore.previousKeys(ref);
  // A patient who claims again holds the keys of the old records alone: the hospital has nothing to open.
  if (keys.length === 0) return { ref, records: 0, capsules: before.capsules ?? '', list: '', generation };
  const records = await recordsOf(bridge, ref);
  const listed = await listedCapsules(bridge.kubo, records, keys, signal);
  const to = packetFor(keyPacket, bridge.keystore.patientKeys(ref));
  const made: { listed: ListedCapsule; block: Block }[] = [];
  for (const record of records) {
    signal.throwIfAborted();
    const later = listed.get(record.contentCid);
    const candidates = later ? [later, record.capsuleCid] : [record.capsuleCid];
    const bytes = await rewrap(bridge.kubo, record, { candidates, keys, ...to }, signal);
    const block = { cid: blockCid(DAG_CBOR, bytes), bytes };
    made.push({ listed: { contentCid: record.contentCid, capsuleCid: block.cid.toString() }, block });
    context.onProgress?.(made.length, records.length);
  }
  const capsules = await storeCapsules(
    context,
    made.map(({ block }) => block),
  );
  const entries = made.map((one) => one.listed);
  const list = await enterList(
    context,
    ref,
    capsuleListBundle({ hospital: context.hospital, generation, capsules: entries }),
  );
  bridge.keystore.finishChange(ref, capsules);
  if (before.capsules && before.capsules !== capsules) await dropCapsules(context, before.capsules);
  await (await bridge.flows()).start(KEYS_FEED, 'finish');
  return { ref, records: records.length, capsules, list, generation };
}

/** Lets go of capsules that no key opens any more. Their blocks go with the node's next garbage collection. */
export async function dropCapsules({ bridge, cars, signal }: CustodyContext, root: string): Promise<void> {
  await bridge.kubo.unpin(root, signal);
  await rm(capsulesCar(cars, root), { force: true });
}

/** The archive of a set of later key packets. @param root its CID */
export function capsulesCar(cars: string, root: string): string {
  return join(cars, `capsules-${root}.car`);
}

/** Whatever began to be sealed under the old keys has to be in the journal before its capsules are counted. */
async function sealingSettled({ bridge, signal }: CustodyContext): Promise<void> {
  const sealing = async () => new Set((await bridge.journal.batches({ states: ['normalized'] })).map(({ id }) => id));
  const before = await sealing();
  for (const end = Date.now() + SEALING_WAIT_MS; before.size > 0; await delay(250, undefined, { signal })) {
    const now = await sealing();
    for (const id of before) if (!now.has(id)) before.delete(id);
    if (before.size > 0 && Date.now() > end)
      throw new BridgeError('cli.busy', 'records are still being sealed', { hint: 'run the same command again' });
  }
}

async function storeCapsules({ bridge, cars, signal }: CustodyContext, blocks: readonly Block[]): Promise<string> {
  const root = capsuleSet(blocks.map(({ cid }) => cid.toString()));
  const path = capsulesCar(cars, root.cid.toString());
  await mkdir(cars, { recursive: true });
  const car = await CarFile.create(path);
  try {
    for (const block of blocks) await car.put(block);
    await car.put(root);
    await car.finish(root.cid);
  } catch (error) {
    await car.discard();
    throw error;
  }
  const manifest = root.cid.toString();
  await bridge.kubo.importCar(createReadStream(path), manifest, signal);
  for (const target of bridge.copyTargets) await target.keep({ manifest, carPath: path, parts: [] }, signal);
  return manifest;
}

/** The list joins the street as a normalised item of the bridge's own feed. */
async function enterList({ bridge }: CustodyContext, ref: string, bundle: Uint8Array): Promise<string> {
  const { journal, spool, keystore } = bridge;
  const digest = createHash('sha256').update(bundle).digest();
  const sourceKey = `capsules/${ref}`;
  const id = itemId(keystore.hospitalKey('dhc/item-id/1'), KEYS_FEED, sourceKey, digest);
  const [raw, spooled] = [`${id}.raw`, `${id}.1.bundle`];
  await spool.putMany([
    { id: raw, bytes: bundle },
    { id: spooled, bytes: bundle },
  ]);
  const run = randomBytes(16).toString('hex');
  await journal.beginRun(KEYS_FEED, 'fhir', run);
  const { seq } = await journal.position(KEYS_FEED);
  const item = {
    id,
    sourceKey,
    kind: 'fhir' as const,
    contentDigest: digest.toString('hex'),
    size: bundle.length,
    receivedAt: new Date().toISOString(),
    spool: raw,
  };
  const step = { feed: KEYS_FEED, run, seq: seq + 1, cursor: null, refused: [], duplicates: 0, drained: true };
  const batch = await journal.addRead({ ...step, items: [item] });
  await journal.addNormalized(batch.id, [
    {
      item: id,
      status: 'ok',
      bundle: spooled,
      patientRef: ref,
      mapping: LIST_MAP,
      quality: 1,
      issues: 0,
      coverage: { seen: 0, mapped: 0, left: {}, unmappedCodes: {} },
    },
  ]);
  await journal.endRun(run, 'done');
  return batch.id;
}
