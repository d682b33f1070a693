/** The records of one patient with their current capsules, opened and wrapped anew. Contents (C1) are never touched. */
import { binderOf, makeCapsule, openCapsule, type RecordKeys } from '../../anchor/seal/capsule.ts';
import { readCapsuleList } from '../../anchor/seal/capsule-list.ts';
import type { KeyPacket } from '../../anchor/seal/key-packet.ts';
import { openContent } from '../../anchor/seal/record.ts';
import type { Kubo } from '../../anchor/store/kubo.ts';
import { readVerified } from '../../anchor/store/verified-file.ts';
import { type MessageHeader, readHeader } from '../../core/crypto/message.ts';
import { BridgeError } from '../../core/errors.ts';
import type { RecordRow } from '../../core/journal/index.ts';
import type { OpeningKeys } from '../../core/keystore/keystore.ts';
import type { Bridge } from '../../workflows/bridge.ts';

/** Feed of the records that the bridge makes itself; the dot keeps it apart from feeds of the config. */
export const KEYS_FEED = 'dhc.keys';
const PAGE = 500;

/** All sealed records of a patient, oldest first; capsule lists are among them. */
export async function recordsOf({ journal }: Bridge, ref: string): Promise<(RecordRow & { feed: string })[]> {
  const rows: (RecordRow & { feed: string })[] = [];
  for (let offset = 0; ; offset += PAGE) {
    const items = await journal.items({ patientRef: ref, limit: PAGE, offset });
    for (const item of items) {
      const record = await journal.record(item.id);
      if (record) rows.unshift({ ...record, feed: item.feed });
    }
    if (items.length < PAGE) return rows;
  }
}

/** Later capsules by content, from the newest list that one of the keys opens; the record itself has the first one. */
export async function listedCapsules(
  kubo: Kubo,
  records: readonly (RecordRow & { feed: string })[],
  keys: readonly OpeningKeys[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const lists = records.filter((record) => record.feed === KEYS_FEED).reverse();
  for (const record of lists) {
    const content = await readContent(kubo, record, signal);
    const secret = tryOpen(await kubo.blockGet(record.capsuleCid, signal), readHeader(content), keys);
    const list = secret && readCapsuleList(openContent(content, secret).bundle);
    if (list) return new Map(list.capsules.map(({ contentCid, capsuleCid }) => [contentCid, capsuleCid]));
  }
  return new Map();
}

/**
 * A new capsule for a record.
 * @param candidates CIDs of capsules that may be the current one
 * @throws BridgeError `seal.open` when none of the keys opens any of them
 */
export async function rewrap(
  kubo: Kubo,
  record: RecordRow,
  { candidates, keys, packet, recipient }: Rewrapping,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const header = await contentHeader(kubo, record, signal);
  for (const cid of candidates) {
    const secret = tryOpen(await kubo.blockGet(cid, signal), header, keys);
    if (secret) return makeCapsule(recipient, binderOf(header), secret, undefined, packet);
  }
  throw new BridgeError('seal.open', 'a record of the patient cannot be opened with the keys that the hospital holds');
}

export interface Rewrapping {
  readonly candidates: readonly string[];
  readonly keys: readonly OpeningKeys[];
  readonly packet: KeyPacket;
  readonly recipient: Uint8Array;
}

function tryOpen(capsule: Uint8Array, header: MessageHeader, keys: readonly OpeningKeys[]): RecordKeys | undefined {
  for (const key of keys) {
    try {
      return openCapsule(capsule, header, key);
    } catch (error) {
      if (!(error instanceof BridgeError && error.code === 'seal.open')) throw error;
    }
  }
  return undefined;
}

/** The first block holds all of the header. */
async function contentHeader(kubo: Kubo, record: RecordRow, signal: AbortSignal): Promise<MessageHeader> {
  for await (const chunk of readVerified(kubo, record.contentCid, record.size, signal)) return readHeader(chunk);
  throw new BridgeError('store.mismatch', 'a content is empty');
}

async function readContent(kubo: Kubo, record: RecordRow, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readVerified(kubo, record.contentCid, record.size, signal)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
