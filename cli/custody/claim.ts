/**
 * The two files of a claim. The patient's application makes the request; the hospital's answer is sealed to the key in it
 * and carries what the patient needs to find the own records (docs/architecture.md, "Keys").
 */
import { verifyMessage } from 'ethers';
import { z } from 'zod';
import * as hpke from '../../core/crypto/hpke.ts';
import { BridgeError } from '../../core/errors.ts';
import type { ClaimedKeys } from '../../core/keystore/keystore.ts';

const Request = z.strictObject({
  format: z.literal('dhc-claim-request/1'),
  x25519Public: z.string().regex(/^[0-9a-f]{64}$/),
  umbralPublic: z
    .string()
    .regex(/^0[23][0-9a-f]{64}$/)
    .optional(),
  /** The account with which the patient grants; its signature ties the keys to it. */
  account: z.string().regex(/^0x[0-9a-fA-F]{40}$/),
  signature: z.string().regex(/^0x[0-9a-f]{130}$/),
});

/** What the account signs (ERC-191, personal message). */
export function claimText({ x25519Public, umbralPublic }: { x25519Public: string; umbralPublic?: string }): string {
  return `DHC claim 1\nx25519 ${x25519Public}\numbral ${umbralPublic ?? '-'}`;
}

/** @param text of the request file. @throws BridgeError `cli.usage` */
export function readClaimRequest(text: string): ClaimedKeys & { account: string } {
  const hint = 'the file is made by the patient: `dhc patient init`, or the client package';
  const parsed = Request.safeParse(parseJson(text));
  if (!parsed.success) throw new BridgeError('cli.usage', 'the file is no claim request', { hint });
  const { x25519Public, umbralPublic, account, signature } = parsed.data;
  const text_ = claimText({ x25519Public, ...(umbralPublic && { umbralPublic }) });
  let signer: string;
  try {
    signer = verifyMessage(text_, signature);
  } catch {
    signer = '';
  }
  if (signer.toLowerCase() !== account.toLowerCase())
    throw new BridgeError('cli.usage', 'the claim request was not signed by its account', { hint });
  return {
    x25519Public: Buffer.from(x25519Public, 'hex'),
    ...(umbralPublic && { umbralPublic: Buffer.from(umbralPublic, 'hex') }),
    account,
  };
}

export interface ClaimAnswer {
  readonly hospital: string;
  /** Hex; finds the patient's records on the chain. */
  readonly indexKey: string;
  readonly chainId: string;
  readonly contract: string;
  /** `Consent` of the alliance, where there is one. */
  readonly consent?: string;
}

const INFO = Buffer.from('dhc-claim-answer/1');

/** Only the holder of the request's key can read it. */
export function sealClaimAnswer(answer: ClaimAnswer, { x25519Public }: ClaimedKeys) {
  const { enc, ct } = hpke.seal(x25519Public, INFO, new Uint8Array(0), Buffer.from(JSON.stringify(answer)));
  return { format: 'dhc-claim-answer/1', enc: Buffer.from(enc).toString('hex'), ct: Buffer.from(ct).toString('hex') };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
