/** Finds a person's records from the public index with the index key alone: no hospital and no service is asked. */
import { type Anchor, anchors, blockNumber, type Chain } from './chain.ts';
import { tagFor } from './index-tags.ts';
import { decodeManifest, type Manifest, type RecordEntry } from './manifest.ts';
import { leafOf, merkleTree } from './merkle.ts';
import { Refuted } from './refusal.ts';
import type { BlockSource } from './store.ts';

/** Format 1: what proves a record, the same that the hospital gives. */
export interface Receipt {
  readonly format: 1;
  readonly chainId: string;
  readonly contract: string;
  readonly hospital: string;
  readonly tx: string;
  readonly block: { readonly number: number; readonly hash: string };
  readonly batch: { readonly root: string; readonly manifest: string; readonly count: number };
  readonly index: number;
  readonly record: RecordEntry;
  readonly proof: readonly string[];
  readonly status: 'included' | 'final';
}

export interface FoundRecord {
  readonly receipt: Receipt;
  /** Number of the record among the person's at this hospital. */
  readonly counter: number;
}

export interface FindOptions {
  readonly chain: Chain;
  readonly store: BlockSource;
  readonly contract: string;
  /** 32 bytes */
  readonly indexKey: Uint8Array;
  /** Counters in a row without a record before the search ends. Default 200. */
  readonly gap?: number;
  readonly fromBlock?: number;
  /** Blocks on top before an anchor counts as final. Default 2. */
  readonly confirmations?: number;
  readonly signal?: AbortSignal;
}

/** Oldest first. @throws Error when chain or store cannot be read */
export async function findRecords(options: FindOptions): Promise<FoundRecord[]> {
  const { chain, store, contract, indexKey, gap = 200, fromBlock, confirmations = 2, signal } = options;
  const wanted = new Map<string, number>();
  const expect = (upTo: number) => {
    for (let counter = wanted.size; counter < upTo; counter++) wanted.set(tagFor(indexKey, BigInt(counter)), counter);
  };
  expect(gap);
  const chainId = BigInt(await chain.call<string>('eth_chainId', [], signal)).toString();
  // Tags are public: another hospital could anchor a copy, and must not hide the record by that.
  const found = new Map<string, FoundRecord>();
  const unread = new Map<number, unknown>();
  const range = { ...(fromBlock !== undefined && { fromBlock }), ...(signal && { signal }) };
  const deep = (await blockNumber(chain, signal)) - confirmations;
  // Batches overtake each other: what lay beyond the counters expected so far is seen on the next walk.
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for await (const anchor of anchors(chain, contract, range)) {
      const place = (counter: number) => `${anchor.hospital} ${counter}`;
      const fresh = ownIn(anchor, wanted, expect, gap).filter(({ counter }) => !found.has(place(counter)));
      if (fresh.length === 0) continue;
      const status = anchor.block.number <= deep ? 'final' : 'included';
      try {
        const manifest = decodeManifest(await store.block(anchor.manifest, signal));
        const receipts = receiptsOf({ chainId, status, anchor }, manifest);
        for (const { index, counter } of fresh) found.set(place(counter), { receipt: receipts(index), counter });
      } catch (error) {
        // What does not lead to its anchor proves nothing of anyone; what cannot be read may be a copy, or the record.
        if (!(error instanceof Refuted)) for (const { counter } of fresh) unread.set(counter, error);
      }
    }
  }
  const records = [...found.values()].sort((a, b) => a.counter - b.counter);
  for (const { counter } of records) unread.delete(counter);
  for (const error of unread.values()) throw error;
  return records;
}

/** Own tags of a batch; each one found makes later ones expected, also within the batch. */
function ownIn(
  { tags }: Anchor,
  wanted: ReadonlyMap<string, number>,
  expect: (upTo: number) => void,
  gap: number,
): { index: number; counter: number }[] {
  for (;;) {
    const known = wanted.size;
    const own = tags.flatMap((tag, index) => (wanted.has(tag) ? [{ index, counter: wanted.get(tag)! }] : []));
    if (own.length > 0) expect(own.reduce((most, { counter }) => Math.max(most, counter), 0) + 1 + gap);
    if (wanted.size === known) return own;
  }
}

function receiptsOf(
  { chainId, status, anchor }: { chainId: string; status: Receipt['status']; anchor: Anchor },
  { records }: Manifest,
): (index: number) => Receipt {
  const tree = merkleTree(records.map(leafOf));
  const same = tree.root === anchor.root && records.map(({ tag }) => tag).join() === anchor.tags.join();
  if (!same) throw new Refuted('a manifest does not lead to the anchored root');
  const { contract, hospital, tx, block, root, manifest, count } = anchor;
  return (index) => ({
    format: 1,
    chainId,
    contract,
    hospital,
    tx,
    block,
    batch: { root, manifest, count },
    index,
    record: records[index]!,
    proof: tree.proof(index),
    status,
  });
}
