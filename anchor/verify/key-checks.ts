/** What only a holder of the patient's keys can check: that the sealed bytes open, and to what was committed to. */
import { readHeader } from '../../core/crypto/message.ts';
import type { OpeningKeys } from '../../core/keystore/keystore.ts';
import type { Receipt } from '../../core/types.ts';
import { openCapsule, type RecordKeys } from '../seal/capsule.ts';
import { openPart } from '../seal/part.ts';
import { type OpenedRecord, openContent, readContext } from '../seal/record.ts';
import { tagFor } from '../seal/tag.ts';
import { sha256 } from '../store/cid.ts';
import type { BlockSource } from '../store/kubo.ts';
import type { Part } from '../store/manifest.ts';
import { readVerified } from '../store/verified-file.ts';
import type { VerifyCache } from './cache.ts';
import { NotMade, needs, Refuted, type Report } from './report.ts';
import type { SealedBytes } from './store-checks.ts';

/** Keys of the patient, or of another for whom the capsule was made; 32 bytes each. */
export interface VerifyKey extends OpeningKeys {
  readonly indexKey?: Uint8Array;
  /** The record's own secret, where it came by a re-encrypted packet. */
  readonly secret?: RecordKeys;
}

/** Checks that only someone who can open the record can make. */
export const OPENING_CHECKS: readonly string[] = ['key packet', 'decryption', 'commitment', 'bundle', 'part contents'];

/** Tags of one patient that are looked through: far more records than a life has. */
const MAX_COUNTER = 100_000n;

export async function checkKeys(
  report: Report,
  receipt: Receipt,
  sealed: SealedBytes,
  { kubo, key, cache }: { kubo: BlockSource; key: VerifyKey | undefined; cache: VerifyCache },
  signal: AbortSignal,
): Promise<void> {
  const { record } = receipt;
  await report.check('header', signal, async () => {
    const named = readContext(readHeader(needs(sealed.content, 'content')));
    if (hex(named.tag) !== record.tag) throw new Refuted('the content was sealed under another tag');
    if (named.hospital !== needs(sealed.hospital, 'manifest')) throw new Refuted('the content names another hospital');
    return ['the content names this hospital and this tag', true];
  });
  await report.check('key packet', signal, async () => {
    unlock(opening(key), sealed);
    return ['opens with the key', true];
  });
  const opened = await report.check('decryption', signal, async () => {
    const secret = unlock(opening(key), sealed);
    return ['every frame is authentic', openContent(needs(sealed.content, 'content'), secret)];
  });
  await report.check('commitment', signal, async () => {
    opening(key);
    if (hex(needs(opened, 'decryption').commitment) !== record.commitment)
      throw new Refuted('the content is not what was committed to');
    return ['the content is what was committed to', true];
  });
  await report.check('bundle', signal, async () => {
    opening(key);
    if (!isBundle(needs(opened, 'decryption').bundle)) throw new Refuted('the content is no FHIR Bundle');
    return ['a FHIR Bundle', true];
  });
  await checkParts(report, sealed.parts, opened, { kubo, key }, signal);
  await report.check('tag', signal, async () => {
    const indexKey = key?.indexKey;
    if (indexKey === undefined) throw new NotMade('no key given');
    const tags = await cache.get(`tags ${hex(sha256(indexKey))}`, async () => new TagSearch(indexKey));
    if (!tags.has(record.tag)) throw new Refuted(`none of the first ${MAX_COUNTER} tags of this key`);
    return ['a tag of this key', true];
  });
}

/** Each part is read as a stream: hashed always, opened where there is a key. Memory is one block. */
async function checkParts(
  report: Report,
  parts: readonly Part[] | undefined,
  opened: OpenedRecord | undefined,
  { kubo, key }: { kubo: BlockSource; key: VerifyKey | undefined },
  signal: AbortSignal,
): Promise<void> {
  const whole = await report.check('parts', signal, async () => {
    const list = needs(parts, 'parts index');
    for (const part of list)
      if ((await drain(readVerified(kubo, part.cid, part.size, signal))) !== part.size)
        throw new Refuted('a part is shorter than the parts index says');
    return [list.length === 0 ? 'the record has no parts' : `${list.length} parts, each block hashed`, list];
  });
  await report.check('part contents', signal, async () => {
    opening(key);
    const list = needs(whole, 'parts');
    const record = needs(opened, 'decryption');
    for (const [index, part] of list.entries())
      await drain(openPart({ ...record, index }, readVerified(kubo, part.cid, part.size, signal)));
    return [list.length === 0 ? 'the record has no parts' : 'every frame of every part is authentic', true];
  });
}

/** Tags of one index key, made as far as they were asked for. */
class TagSearch {
  readonly #key: Uint8Array;
  readonly #tags = new Set<string>();

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  has(tag: string): boolean {
    for (let counter = BigInt(this.#tags.size); !this.#tags.has(tag) && counter < MAX_COUNTER; counter++)
      this.#tags.add(hex(tagFor(this.#key, counter)));
    return this.#tags.has(tag);
  }
}

function opening(key: VerifyKey | undefined): VerifyKey {
  if (!key?.x25519Private && !key?.umbralSecret && !key?.secret) throw new NotMade('no key given');
  return key;
}

function unlock(key: VerifyKey, sealed: SealedBytes): RecordKeys {
  const [content, capsule] = [needs(sealed.content, 'content'), needs(sealed.capsule, 'capsule')];
  return key.secret ?? openCapsule(capsule, readHeader(content), key);
}

function isBundle(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return (JSON.parse(text) as { resourceType?: unknown } | null)?.resourceType === 'Bundle';
  } catch {
    return false;
  }
}

async function drain(source: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of source) size += chunk.length;
  return size;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
