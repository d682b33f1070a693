/** The requester's side of a share: opens what was delivered and checks each record against the chain. */
import { readHeader } from '../../core/crypto/message.ts';
import { cannotOpen } from '../../core/crypto/refusal.ts';
import type { OpeningKeys } from '../../core/keystore/keystore.ts';
import type { Verdict } from '../../core/types.ts';
import { binderOf, openCapsule, type RecordKeys, readCapsule } from '../seal/capsule.ts';
import { openContent } from '../seal/record.ts';
import { umbralPublicOf } from '../seal/umbral/packet.ts';
import { openReencrypted } from '../seal/umbral/reencrypt.ts';
import type { BlockSource } from '../store/kubo.ts';
import { readVerified } from '../store/verified-file.ts';
import { type VerifyOptions, verifyReceipt } from '../verify/verify.ts';
import type { DeliveredRecord, Delivery } from './formats.ts';

export interface ReceivedRecord {
  readonly tag: string;
  /** Canonical bytes; undefined where a check failed. */
  readonly bundle?: Uint8Array;
  /** All of `verifyReceipt` but `tag`: only patient and holder have the index key. */
  readonly verdict: Verdict;
}

/**
 * @param keys of the requester: the private keys of those in the request
 * @throws BridgeError `seal.open` where the key packet does not open; `store.*`
 */
export async function openDelivered(
  delivery: Delivery,
  record: DeliveredRecord,
  keys: Required<OpeningKeys>,
  options: Pick<VerifyOptions, 'rpc' | 'trusted' | 'cache'> & { readonly kubo: BlockSource },
  signal: AbortSignal,
): Promise<ReceivedRecord> {
  const { receipt, capsuleCid } = record;
  const chunks: Uint8Array[] = [];
  for await (const chunk of readVerified(options.kubo, receipt.record.contentCid, receipt.record.size, signal))
    chunks.push(chunk);
  const content = Buffer.concat(chunks);
  const capsule = await options.kubo.blockGet(capsuleCid ?? receipt.record.capsuleCid, signal);
  const secret = unlock(delivery, record, content, capsule, keys);
  const later = capsuleCid ? { capsule: capsuleCid } : {};
  const made = await verifyReceipt(receipt, { ...options, ...later, key: { secret } }, signal);
  const checks = made.checks.filter(({ name }) => name !== 'tag');
  const has = (status: string) => checks.some((check) => check.status === status);
  const verdict: Verdict = { status: has('fail') ? 'fail' : has('unknown') ? 'unknown' : 'pass', checks };
  const { tag } = receipt.record;
  return verdict.status === 'fail' ? { tag, verdict } : { tag, verdict, bundle: openContent(content, secret).bundle };
}

function unlock(
  { umbral }: Delivery,
  { c3, fragments }: DeliveredRecord,
  content: Uint8Array,
  capsule: Uint8Array,
  keys: Required<OpeningKeys>,
): RecordKeys {
  const header = readHeader(content);
  if (c3) return openCapsule(Buffer.from(c3, 'base64'), header, keys);
  if (!umbral || !fragments?.length) throw cannotOpen();
  const parties = {
    delegating: Buffer.from(umbral.delegating, 'hex'),
    verifying: Buffer.from(umbral.verifying, 'hex'),
    receiving: umbralPublicOf(keys.umbralSecret),
  };
  const parts = fragments.map((fragment) => Buffer.from(fragment, 'base64'));
  const { packet } = readCapsule(capsule);
  const secret = openReencrypted(packet, binderOf(header), parts, keys.umbralSecret, parties);
  if (secret.length !== 64) throw cannotOpen();
  return { dataKey: secret.subarray(0, 32), salt: secret.subarray(32) };
}
