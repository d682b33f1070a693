/**
 * Terms of a consent and what a patient signs (EIP-712). Pure, and safe in a browser: a wallet takes `typedGrant` as it
 * is for `eth_signTypedData_v4`.
 */
import { concat, getAddress, getBytes, keccak256, Signature, TypedDataEncoder, toUtf8Bytes } from 'ethers';
import { BridgeError } from '../../core/errors.ts';
import type { Signer } from '../chain/signer.ts';

/** What one hospital asks of another and the patient grants. All of it becomes public. */
export interface Terms {
  /** Account of the hospital that wants to read. */
  readonly requester: string;
  /** Account of the hospital that holds the records. */
  readonly holder: string;
  /** The patient's address for this one consent, see `subject.ts`; a key's or a contract's (ERC-1271). */
  readonly subject: string;
  /** Template of the use, 0x-hex, 32 bytes: `purposeId`. */
  readonly purpose: string;
  /** Salted commitment to what is shared, 0x-hex, 32 bytes: `scopeOf`. */
  readonly scope: string;
  /** Seconds since 1970 from which nothing is delivered any more. */
  readonly until: number;
  readonly sensitive: boolean;
  /** Random, 0x-hex, 32 bytes. */
  readonly salt: string;
}

/** The contract that the signature is for. */
export interface ConsentDomain {
  /** Decimal string. */
  readonly chainId: string;
  readonly contract: string;
}

export interface TypedConsent {
  readonly domain: { name: string; version: string; chainId: string; verifyingContract: string };
  readonly types: Record<string, { name: string; type: string }[]>;
  readonly primaryType: 'Grant' | 'Revoke';
  readonly message: { readonly terms: Terms };
}

const TERMS = [
  { name: 'requester', type: 'address' },
  { name: 'holder', type: 'address' },
  { name: 'subject', type: 'address' },
  { name: 'purpose', type: 'bytes32' },
  { name: 'scope', type: 'bytes32' },
  { name: 'until', type: 'uint64' },
  { name: 'sensitive', type: 'bool' },
  { name: 'salt', type: 'bytes32' },
];
const DOMAIN = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
];
const HASH = /^0x[0-9a-f]{64}$/;

/** Addresses checksummed, digests in lower case. @throws BridgeError `consent.terms` */
export function checkTerms(terms: Terms): Terms {
  const { requester, holder, subject, purpose, scope, until, sensitive, salt } = terms;
  const hashes = [purpose, scope, salt].every((hash) => typeof hash === 'string' && HASH.test(hash));
  if (!hashes || !Number.isSafeInteger(until) || until < 0 || typeof sensitive !== 'boolean') throw malformed();
  try {
    const [a, b, c] = [getAddress(requester), getAddress(holder), getAddress(subject)];
    return { requester: a, holder: b, subject: c, purpose, scope, until, sensitive, salt };
  } catch {
    throw malformed();
  }
}

function malformed(): BridgeError {
  return new BridgeError('consent.terms', 'the terms of the consent are malformed');
}

/** The id of a consent: the EIP-712 hash of its terms, the same on every chain. @throws BridgeError `consent.terms` */
export function consentId(terms: Terms): string {
  return TypedDataEncoder.hashStruct('Terms', { Terms: TERMS }, checkTerms(terms));
}

/** @throws BridgeError `consent.terms` */
export function typedGrant(domain: ConsentDomain, terms: Terms): TypedConsent {
  return typed('Grant', domain, terms);
}

/** @throws BridgeError `consent.terms` */
export function typedRevoke(domain: ConsentDomain, terms: Terms): TypedConsent {
  return typed('Revoke', domain, terms);
}

function typed(primaryType: 'Grant' | 'Revoke', { chainId, contract }: ConsentDomain, terms: Terms): TypedConsent {
  return {
    domain: { name: 'DHC Consent', version: '1', chainId, verifyingContract: contract },
    types: { EIP712Domain: DOMAIN, [primaryType]: [{ name: 'terms', type: 'Terms' }], Terms: TERMS },
    primaryType,
    message: { terms: checkTerms(terms) },
  };
}

/** What is signed, 0x-hex, 32 bytes. */
export function digestOf({ domain, types: { EIP712Domain: _, ...types }, message }: TypedConsent): string {
  return TypedDataEncoder.hash(domain, types, message);
}

/** The signature by a key that this process has, 0x-hex, 65 bytes. */
export async function signTyped(signer: Signer, data: TypedConsent): Promise<string> {
  return Signature.from(await signer.sign(getBytes(digestOf(data)))).serialized;
}

/** The id of a template of use, e.g. `treatment`: the alliance agrees on the names. */
export function purposeId(name: string): string {
  return keccak256(toUtf8Bytes(`dhc-purpose/1:${name}`));
}

/**
 * Commits to the records that are shared. Without the salt nobody can try tags out, which are public.
 * @param salt random, 0x-hex, 32 bytes, known to patient, holder and requester; never that of the terms
 * @param tags of the records, hex, 16 bytes each, in any order
 */
export function scopeOf(salt: string, tags: readonly string[]): string {
  const hex = [...new Set(tags)].sort().map((tag) => `0x${tag}`);
  return keccak256(concat([salt, ...hex]));
}
