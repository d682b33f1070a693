/** Opens records and checks them: against the chain, the manifest and what was committed to. */

import { type OpeningKeys, openCapsule, type PacketOpener, type RecordKeys } from './capsule.ts';
import { anchorsOf, blockNumber, type Chain } from './chain.ts';
import type { FoundRecord, Receipt } from './find.ts';
import { commitmentOf } from './index-tags.ts';
import { decodeManifest } from './manifest.ts';
import { leafOf, rootOf } from './merkle.ts';
import { type MessageHeader, openMessage, readHeader } from './message.ts';
import { CannotOpen, Refuted } from './refusal.ts';
import { type BlockSource, readFile } from './store.ts';

export interface OpenOptions {
  readonly store: BlockSource;
  /** Newest first. */
  readonly keys: readonly OpeningKeys[];
  readonly openers?: readonly PacketOpener[];
  /** Later capsules by content CID: from `laterCapsules`, or from a share. */
  readonly capsules?: ReadonlyMap<string, string>;
  readonly signal?: AbortSignal;
}

export interface OpenedRecord extends RecordKeys {
  readonly bundle: Uint8Array;
  readonly header: MessageHeader;
}

/** @throws CannotOpen, Refuted when the content is not what was committed to */
export async function openRecord(receipt: Receipt, options: OpenOptions): Promise<OpenedRecord> {
  const { store, keys, openers = [], capsules, signal } = options;
  const { record } = receipt;
  const content = await readFile(store, record.contentCid, record.size, signal);
  const header = readHeader(content);
  const later = capsules?.get(record.contentCid);
  for (const cid of later ? [later, record.capsuleCid] : [record.capsuleCid]) {
    const capsule = await store.block(cid, signal);
    for (const key of keys) {
      const secret = await openCapsule(capsule, header, key, openers).catch((error) => {
        if (error instanceof CannotOpen) return undefined;
        throw error;
      });
      if (secret) return openWith(record, content, header, secret);
    }
  }
  throw new CannotOpen();
}

/** With the record's own secret, however it came. @throws CannotOpen, Refuted */
export async function openWith(
  record: Receipt['record'],
  content: Uint8Array,
  header: MessageHeader,
  secret: RecordKeys,
): Promise<OpenedRecord> {
  const bundle = await openMessage(content, secret.dataKey);
  if (header.context['dhc:tag'] !== record.tag) throw new Refuted('the content was sealed under another tag');
  if (commitmentOf(secret.salt, bundle) !== record.commitment)
    throw new Refuted('the content is not what was committed to');
  return { ...secret, bundle, header };
}

/** After a claim or a rotation the hospital seals a list of the new capsules: the newest one that opens counts. */
export async function laterCapsules(found: readonly FoundRecord[], options: OpenOptions): Promise<Map<string, string>> {
  for (const { receipt } of [...found].reverse()) {
    const opened = await openRecord(receipt, options).catch((error) => {
      if (error instanceof CannotOpen) return undefined;
      throw error;
    });
    const list = opened && capsuleList(opened.bundle);
    if (list) return list;
  }
  return new Map();
}

interface ListResource {
  readonly resourceType: string;
  readonly code?: { coding?: { system?: string; code?: string }[] };
  readonly entry?: { item: { reference?: string; identifier?: { value?: string } } }[];
}

/** Content CID to capsule CID; undefined for any other bundle. */
export function capsuleList(bundle: Uint8Array): Map<string, string> | undefined {
  const { entry } = JSON.parse(new TextDecoder().decode(bundle)) as { entry?: { resource?: ListResource }[] };
  const list = entry?.length === 1 ? entry[0]!.resource : undefined;
  if (list?.resourceType !== 'List' || list.code?.coding?.[0]?.system !== 'urn:dhc:list') return undefined;
  const pairs = (list.entry ?? []).map(({ item }) => [item.identifier?.value, item.reference?.replace('ipfs://', '')]);
  return new Map(pairs.filter((pair): pair is [string, string] => pair.every(Boolean)));
}

export interface Check {
  readonly name: 'chain' | 'contract' | 'event' | 'finality' | 'manifest' | 'proof' | 'decryption';
  readonly status: 'pass' | 'fail' | 'unknown';
}

/**
 * Checks a receipt without trusting who gave it. What cannot be reached is `unknown`, never `pass`.
 * @param trusted chain and contract from elsewhere than the receipt
 */
export async function verifyRecord(
  receipt: Receipt,
  trusted: { readonly chainId: string; readonly contract: string; readonly confirmations?: number },
  chain: Chain,
  options: OpenOptions,
): Promise<Check[]> {
  const { batch, record, index } = receipt;
  const checks: Check[] = [];
  const check = async (name: Check['name'], make: () => Promise<boolean>) => {
    const status = await make().then(
      (holds) => (holds ? 'pass' : 'fail') as Check['status'],
      (error) => (error instanceof Refuted || error instanceof CannotOpen ? 'fail' : 'unknown'),
    );
    checks.push({ name, status });
  };
  const { signal, store } = options;
  await check(
    'chain',
    async () => BigInt(await chain.call<string>('eth_chainId', [], signal)).toString() === receipt.chainId,
  );
  await check('contract', async () => {
    return trusted.chainId === receipt.chainId && trusted.contract.toLowerCase() === receipt.contract.toLowerCase();
  });
  await check('event', async () => {
    const events = await anchorsOf(chain, receipt.contract, receipt.tx, signal);
    const event = events?.find((one) => one.root === batch.root && one.hospital === receipt.hospital);
    const sameBlock = event?.block.number === receipt.block.number && event.block.hash === receipt.block.hash;
    return (
      sameBlock &&
      event.manifest === batch.manifest &&
      event.tags.length === batch.count &&
      event.tags[index] === record.tag
    );
  });
  await check('finality', async () => {
    if ((await blockNumber(chain, signal)) - receipt.block.number < (trusted.confirmations ?? 2))
      throw new Error('not deep');
    return true;
  });
  await check('manifest', async () => {
    const listed = decodeManifest(await store.block(batch.manifest, signal)).records[index];
    return JSON.stringify(listed) === JSON.stringify(ordered(record));
  });
  await check('proof', async () => rootOf(leafOf(record), receipt.proof) === batch.root);
  await check('decryption', async () => (await openRecord(receipt, options)).bundle.length > 0);
  return checks;
}

/** In the order in which `decodeManifest` names the fields. */
function ordered({ contentCid, capsuleCid, partsCid, size, commitment, tag }: Receipt['record']): Receipt['record'] {
  return { contentCid, capsuleCid, ...(partsCid === undefined ? {} : { partsCid }), size, commitment, tag };
}
