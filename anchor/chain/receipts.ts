/** Receipts: what a patient or a data user keeps of an anchored record. Format 1 of docs/architecture.md. */
import { getAddress } from 'ethers';
import { z } from 'zod';
import { BridgeError } from '../../core/errors.ts';
import type { Receipt, SealedRecord } from '../../core/types.ts';
import { parseCid } from '../store/cid.ts';
import type { AnchorEvent } from './health-index.ts';
import { manifestDigest } from './health-index.ts';
import { leafOf, merkleTree } from './merkle.ts';

const hash = z.string().regex(/^0x[0-9a-f]{64}$/);
const address = z.string().refine((text) => {
  try {
    return getAddress(text) === text;
  } catch {
    return false;
  }
});
const cid = z.string().refine((text) => {
  try {
    return parseCid(text) !== undefined;
  } catch {
    return false;
  }
});
const natural = z.int().nonnegative();

const schema = z.strictObject({
  format: z.literal(1),
  chainId: z.string().regex(/^[1-9]\d{0,30}$/),
  contract: address,
  hospital: address,
  tx: hash,
  block: z.strictObject({ number: natural, hash }),
  batch: z.strictObject({ root: hash, manifest: cid, count: natural.min(1) }),
  index: natural,
  record: z.strictObject({
    contentCid: cid,
    capsuleCid: cid,
    partsCid: cid.optional(),
    size: natural.min(1),
    commitment: z.string().regex(/^[0-9a-f]{64}$/),
    tag: z.string().regex(/^[0-9a-f]{32}$/),
  }),
  // A tree of 2^32 leaves is deeper than any batch.
  proof: z.array(hash).max(32),
  status: z.enum(['included', 'final']),
});

/**
 * One receipt a record, in manifest order.
 * @param anchored what the chain says of the batch
 * @param records of the manifest, in its order
 * @throws BridgeError `chain.reverted` when the anchor is not that of these records
 */
export function makeReceipts(
  anchored: { chainId: string; event: AnchorEvent; status: 'included' | 'final' },
  batch: { manifestCid: string; records: readonly SealedRecord[] },
): Receipt[] {
  const { chainId, event, status } = anchored;
  const tree = merkleTree(batch.records.map(leafOf));
  const same =
    event.root === tree.root &&
    event.manifest === manifestDigest(batch.manifestCid) &&
    event.tags.join() === batch.records.map((record) => record.tag).join();
  if (!same) throw new BridgeError('chain.reverted', 'the anchor on the chain is not that of this batch');
  return batch.records.map((record, index) => ({
    format: 1,
    chainId,
    contract: event.contract,
    hospital: event.hospital,
    tx: event.tx,
    block: event.block,
    batch: { root: tree.root, manifest: batch.manifestCid, count: batch.records.length },
    index,
    record,
    proof: tree.proof(index),
    status,
  }));
}

/**
 * A receipt from a file or another system; what it says is not yet checked against anything.
 * @param input the text of a file, or parsed JSON
 * @throws BridgeError `receipt.format`
 */
export function parseReceipt(input: unknown): Receipt {
  let value = input;
  if (typeof input === 'string')
    try {
      value = JSON.parse(input);
    } catch {
      throw new BridgeError('receipt.format', 'the receipt is not JSON');
    }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    // Only the places: they are names of the format, never values.
    const known = parsed.error.issues.map((issue) => issue.path.join('.') || 'its fields');
    throw new BridgeError('receipt.format', `the receipt is malformed: ${[...new Set(known)].slice(0, 5).join(', ')}`);
  }
  const receipt = parsed.data as Receipt;
  if (receipt.index >= receipt.batch.count)
    throw new BridgeError('receipt.format', 'the receipt is malformed: index beyond the batch');
  return receipt;
}
