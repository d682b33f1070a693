/** The patient's side of a share: what is offered, and what a grant gives to the holder. */
import { hexlify, randomBytes } from 'ethers';
import { readHeader } from '../../core/crypto/message.ts';
import { BridgeError } from '../../core/errors.ts';
import type { OpeningKeys } from '../../core/keystore/keystore.ts';
import type { Receipt } from '../../core/types.ts';
import { privateKeySigner } from '../chain/signer.ts';
import { subjectAddress, subjectKey } from '../consent/subject.ts';
import { type ConsentDomain, scopeOf, signTyped, typedGrant } from '../consent/terms.ts';
import { binderOf, makeCapsule, openCapsule, readCapsule } from '../seal/capsule.ts';
import { UMBRAL_ALG, umbralPublicOf } from '../seal/umbral/packet.ts';
import { makeKeyFragments } from '../seal/umbral/reencrypt.ts';
import type { BlockSource } from '../store/kubo.ts';
import { readVerified } from '../store/verified-file.ts';
import type { Grant, GrantedRecord, Offer, ShareRequest } from './formats.ts';

/** A record that is offered: its receipt, and its current capsule where that is a later one. */
export interface OfferedRecord {
  readonly receipt: Receipt;
  readonly capsuleCid?: string;
}

/** Kept by the patient until the grant. */
export interface OpenOffer {
  readonly offer: Offer;
  readonly scopeSalt: string;
  /** Of the subject. */
  readonly counter: number;
}

/** @param counter of the subject: `next` of `OwnSubjects` */
export function makeOffer(secret: Uint8Array, counter: number, records: readonly OfferedRecord[]): OpenOffer {
  const scopeSalt = hexlify(randomBytes(32));
  const scope = scopeOf(
    scopeSalt,
    records.map(({ receipt }) => receipt.record.tag),
  );
  const holder = records[0]!.receipt.hospital;
  const offer = { format: 'dhc-share-offer/1' as const, holder, subject: subjectAddress(secret, counter), scope };
  return { offer, scopeSalt, counter };
}

export interface GrantInput {
  readonly secret: Uint8Array;
  /** Of the patient's records, newest first. */
  readonly keys: readonly Required<OpeningKeys>[];
  readonly open: OpenOffer;
  readonly request: ShareRequest;
  readonly records: readonly OfferedRecord[];
  readonly domain: ConsentDomain;
  /** Proxies that there are, and how many of them are needed. Default 1 of 1. */
  readonly proxies?: { readonly threshold: number; readonly shares: number };
}

/**
 * Signs the consent and prepares the records: Umbral packets get a key for the proxies, HPKE packets are wrapped for the
 * requester at once. One grant a proxy.
 * @throws BridgeError `seal.open` for a record that the keys do not open; `consent.terms` where several proxies are
 *   asked for and a record has an HPKE packet; `store.*`
 */
export async function makeGrants(input: GrantInput, kubo: BlockSource, signal?: AbortSignal): Promise<Grant[]> {
  const { secret, open, request, records, domain, proxies = { threshold: 1, shares: 1 } } = input;
  const signer = privateKeySigner(subjectKey(secret, open.counter));
  const signature = await signTyped(signer, typedGrant(domain, request.terms));
  const prepared: GrantedRecord[] = [];
  let delegating: Uint8Array | undefined;
  for (const record of records) {
    const capsule = await kubo.blockGet(record.capsuleCid ?? record.receipt.record.capsuleCid, signal);
    const umbral = readCapsule(capsule).alg === UMBRAL_ALG;
    const wrapped = await wrapForRequester(capsule, record, input, kubo, signal);
    if (umbral) delegating ??= wrapped.key.umbralSecret;
    // Packets of an earlier secret cannot go under the same fragments: they are wrapped like HPKE ones.
    const byProxy = umbral && wrapped.key.umbralSecret === delegating;
    prepared.push(byProxy ? record : { ...record, c3: Buffer.from(wrapped.c3).toString('base64') });
  }
  if (proxies.threshold > 1 && prepared.some(({ c3 }) => c3))
    throw new BridgeError('consent.terms', 'proxies cannot share in records whose key packets are not of Umbral', {
      hint: 'these are wrapped for the reader by the patient alone: leave the proxies out',
    });
  const grant = {
    format: 'dhc-share-grant/1' as const,
    request,
    signature,
    scopeSalt: open.scopeSalt,
    records: prepared,
  };
  if (!delegating) return Array.from({ length: proxies.shares }, () => grant);
  const signing = Buffer.from(subjectKey(secret, open.counter));
  const receiving = Buffer.from(request.umbralPublic, 'hex');
  return makeKeyFragments({ delegating, signing }, receiving, proxies).map((fragment) => ({
    ...grant,
    umbral: {
      delegating: Buffer.from(umbralPublicOf(delegating)).toString('hex'),
      verifying: Buffer.from(umbralPublicOf(signing)).toString('hex'),
      threshold: proxies.threshold,
      keyFragment: Buffer.from(fragment).toString('base64'),
    },
  }));
}

/** Shows at once that the patient can open what is granted. */
async function wrapForRequester(
  capsule: Uint8Array,
  { receipt }: OfferedRecord,
  { keys, request }: GrantInput,
  kubo: BlockSource,
  signal: AbortSignal | undefined,
): Promise<{ c3: Uint8Array; key: Required<OpeningKeys> }> {
  const header = readHeader(await firstBlock(kubo, receipt, signal));
  let refused: unknown;
  for (const key of keys)
    try {
      const secret = openCapsule(capsule, header, key);
      return { c3: makeCapsule(Buffer.from(request.x25519Public, 'hex'), binderOf(header), secret), key };
    } catch (error) {
      refused = error;
    }
  throw refused;
}

async function firstBlock(kubo: BlockSource, { record }: Receipt, signal?: AbortSignal): Promise<Uint8Array> {
  for await (const chunk of readVerified(kubo, record.contentCid, record.size, signal)) return chunk;
  return new Uint8Array();
}
