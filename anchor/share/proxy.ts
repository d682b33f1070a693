/** The holder's side of a share: nothing leaves without a grant on the chain, and nothing is read on the way. */
import { concat, hexlify, keccak256, randomBytes, sha256 } from 'ethers';
import { BridgeError } from '../../core/errors.ts';
import type { Finality } from '../chain/finality.ts';
import type { ChainRpc } from '../chain/rpc.ts';
import { requireConsent } from '../consent/state.ts';
import { consentId } from '../consent/terms.ts';
import { readCapsule } from '../seal/capsule.ts';
import { reencrypt } from '../seal/umbral/reencrypt.ts';
import type { BlockSource } from '../store/kubo.ts';
import type { DeliveredRecord, Delivery, Grant } from './formats.ts';

export interface ProxyOptions {
  readonly rpc: ChainRpc;
  /** `Consent`. */
  readonly contract: string;
  readonly kubo: BlockSource;
  /** How deep the grant has to lie. Default: included. */
  readonly finality?: Finality;
}

/**
 * Makes the delivery of one proxy. The chain is asked first: without a grant that holds now, no fragment is made.
 * @param grant from `readGrant`, so that its records are those of the scope
 * @throws BridgeError `consent.*`, `chain.*`, `seal.open` for a key fragment that is not the patient's, `store.*`
 */
export async function makeDelivery(grant: Grant, options: ProxyOptions, signal?: AbortSignal): Promise<Delivery> {
  const { rpc, contract, kubo, finality = 0 } = options;
  const { request, scopeSalt, umbral } = grant;
  await requireConsent(rpc, contract, request.terms, finality, signal);
  const records: DeliveredRecord[] = [];
  for (const record of grant.records) {
    if (record.c3 || !umbral) {
      records.push(record);
      continue;
    }
    const bytes = await kubo.blockGet(record.capsuleCid ?? record.receipt.record.capsuleCid, signal);
    const parties = {
      delegating: Buffer.from(umbral.delegating, 'hex'),
      verifying: Buffer.from(umbral.verifying, 'hex'),
      receiving: Buffer.from(request.umbralPublic, 'hex'),
    };
    const fragment = reencrypt(readCapsule(bytes).packet, Buffer.from(umbral.keyFragment, 'base64'), parties);
    records.push({ ...record, fragments: [Buffer.from(fragment).toString('base64')] });
  }
  const { delegating, verifying, threshold } = umbral ?? {};
  return {
    format: 'dhc-share-delivery/1',
    terms: request.terms,
    scopeSalt,
    salt: hexlify(randomBytes(32)),
    ...(delegating && verifying && threshold && { umbral: { delegating, verifying, threshold } }),
    records,
  };
}

/**
 * Deliveries of several proxies of the same grant as one; the salt is the first one's.
 * @throws BridgeError `consent.terms` for those of another grant, or fewer than the patient asked for
 */
export function joinDeliveries([first, ...others]: readonly [Delivery, ...Delivery[]]): Delivery {
  const grant = grantOf(first);
  if (others.some((one) => grantOf(one) !== grant))
    throw new BridgeError('consent.terms', 'the fragments are of another grant');
  const needed = first.umbral?.threshold ?? 1;
  if (others.length + 1 < needed)
    throw new BridgeError(
      'consent.terms',
      `the patient asked for ${needed} proxies, and there are ${others.length + 1}`,
      {
        hint: 'name the files that the other proxies made with `dhc share proxy`',
      },
    );
  const records = first.records.map((record, index) =>
    record.fragments
      ? {
          ...record,
          fragments: [record, ...others.map((one) => one.records[index]!)].flatMap((one) => one.fragments ?? []),
        }
      : record,
  );
  return { ...first, records };
}

/** What deliveries of one grant have in common. */
function grantOf({ terms, umbral, records }: Delivery): string {
  const listed = records.map(({ receipt, capsuleCid }) => [receipt.record.tag, capsuleCid]);
  return JSON.stringify([consentId(terms), umbral?.delegating, umbral?.verifying, umbral?.threshold, listed]);
}

/** What goes on the chain for a delivery, 0x-hex: salted, so that it tells nothing to others. */
export function deliveryCommitment({ salt, records }: Delivery): string {
  const parts = records.flatMap(({ receipt, c3, fragments = [] }) => [
    `0x${receipt.record.tag}`,
    ...[...(c3 ? [c3] : []), ...fragments].map((block) => sha256(Buffer.from(block, 'base64'))),
  ]);
  return keccak256(concat([salt, ...parts]));
}
