/**
 * The files that go between patient, holder and requester. None of them opens a record by itself: what the patient gives
 * the holder are fragments of a re-encryption key or packets for the requester's key alone.
 */
import { getAddress, verifyMessage } from 'ethers';
import { z } from 'zod';
import { BridgeError } from '../../core/errors.ts';
import type { Receipt } from '../../core/types.ts';
import { parseReceipt } from '../chain/receipts.ts';
import { checkTerms, consentId, scopeOf, type Terms } from '../consent/terms.ts';

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const hash = z.string().regex(/^0x[0-9a-f]{64}$/);
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
const base64 = z.base64();
const tags = z.array(hex(16)).min(1).max(100_000);
const cid = z.string().regex(/^baf[a-z2-7]{20,120}$/);

const Terms_ = z.strictObject({
  requester: address,
  holder: address,
  subject: address,
  purpose: hash,
  scope: hash,
  until: z.int(),
  sensitive: z.boolean(),
  salt: hash,
});

/** Made by the patient, for a requester: which address to ask, and the commitment to what would be granted. */
const Offer = z.strictObject({
  format: z.literal('dhc-share-offer/1'),
  holder: address,
  subject: address,
  scope: hash,
});
export type Offer = z.infer<typeof Offer>;

/** Made by the requester: the terms, and the keys to which records are to be given, signed by its account. */
const ShareRequest = z.strictObject({
  format: z.literal('dhc-share-request/1'),
  terms: Terms_,
  x25519Public: hex(32),
  umbralPublic: hex(33),
  signature: z.string().regex(/^0x[0-9a-f]{130}$/),
});
export type ShareRequest = z.infer<typeof ShareRequest>;

/** One record of a grant. */
const Granted = z.strictObject({
  receipt: z.unknown(),
  /** The current capsule (C2), where it is not the one of the manifest. */
  capsuleCid: cid.optional(),
  /** For an HPKE packet: the capsule that the patient made for the requester, dag-cbor. */
  c3: base64.optional(),
});

/** Made by the patient for one proxy. */
const Grant = z.strictObject({
  format: z.literal('dhc-share-grant/1'),
  request: ShareRequest,
  /** Over `Grant(Terms)`, EIP-712. */
  signature: z.string().regex(/^0x(?:[0-9a-f]{2})+$/),
  scopeSalt: hash,
  records: z.array(Granted).min(1),
  umbral: z
    .strictObject({ delegating: hex(33), verifying: hex(33), threshold: z.int().min(1), keyFragment: base64 })
    .optional(),
});
export type Grant = Omit<z.infer<typeof Grant>, 'records'> & { readonly records: readonly GrantedRecord[] };
export type GrantedRecord = Omit<z.infer<typeof Granted>, 'receipt'> & { readonly receipt: Receipt };

/** One record as it is handed over. */
const Delivered = z.strictObject({
  receipt: z.unknown(),
  capsuleCid: cid.optional(),
  c3: base64.optional(),
  /** Capsule fragments of so many proxies. */
  fragments: z.array(base64).optional(),
});

const Delivery = z.strictObject({
  format: z.literal('dhc-share-delivery/1'),
  terms: Terms_,
  scopeSalt: hash,
  /** Random; makes the commitment on the chain say nothing. */
  salt: hash,
  umbral: z.strictObject({ delegating: hex(33), verifying: hex(33), threshold: z.int().min(1) }).optional(),
  records: z.array(Delivered).min(1),
});
export type DeliveredRecord = Omit<z.infer<typeof Delivered>, 'receipt'> & { readonly receipt: Receipt };
export type Delivery = Omit<z.infer<typeof Delivery>, 'records'> & { readonly records: readonly DeliveredRecord[] };

/** @throws BridgeError `receipt.format` */
export function readOffer(text: string): Offer {
  return read(Offer, text, 'offer');
}

/** @throws BridgeError `receipt.format`, also when the keys were not signed by the requester of the terms */
export function readRequest(text: string): ShareRequest {
  return checkedRequest(read(ShareRequest, text, 'request'));
}

/** @throws BridgeError `receipt.format`, also for records that are not those of the terms' scope */
export function readGrant(text: string): Grant {
  const grant = read(Grant, text, 'grant');
  checkedRequest(grant.request);
  const records = grant.records.map((one) => ({ ...one, receipt: parseReceipt(one.receipt) }));
  checkScope(grant.request.terms, grant.scopeSalt, records);
  return { ...grant, records };
}

/** @throws BridgeError `receipt.format`, also for records that are not those of the terms' scope */
export function readDelivery(text: string): Delivery {
  const delivery = read(Delivery, text, 'delivery');
  const records = delivery.records.map((one) => ({ ...one, receipt: parseReceipt(one.receipt) }));
  checkScope(delivery.terms, delivery.scopeSalt, records);
  return { ...delivery, records };
}

/** What the requester's account signs (ERC-191): that these keys read under these terms. */
export function requestText(terms: Terms, keys: { x25519Public: string; umbralPublic: string }): string {
  return `DHC share 1\nconsent ${consentId(terms)}\nx25519 ${keys.x25519Public}\numbral ${keys.umbralPublic}`;
}

function checkedRequest(request: ShareRequest): ShareRequest {
  const terms = checkTerms(request.terms);
  let signer = '';
  try {
    signer = verifyMessage(requestText(terms, request), request.signature);
  } catch {}
  if (signer !== getAddress(terms.requester)) throw malformed('request: its keys are not signed by the requester');
  return request;
}

/** Exactly the records that the patient committed to: no more, no fewer, no others. */
function checkScope(terms: Terms, salt: string, records: readonly { receipt: Receipt }[]): void {
  const list = tags.parse(records.map(({ receipt }) => receipt.record.tag));
  if (scopeOf(salt, list) !== terms.scope) throw malformed('records: they are not those that the terms name');
}

function read<T>(schema: z.ZodType<T>, text: string, what: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw malformed(what);
  }
}

function malformed(what: string): BridgeError {
  return new BridgeError('receipt.format', `a file of a share is malformed: ${what}`, {
    hint: 'the files are made by `dhc patient offer`, `dhc share request`, `dhc patient grant` and `dhc share deliver`',
  });
}
