/**
 * The patient on the chain: a key for each consent, derived from the patient's secret and a counter. Two subjects of one
 * patient have nothing in common for anyone else, and the patient finds all of them again with the secret alone.
 */
import { computeHmac, concat, getBytes, toBeHex, toUtf8Bytes } from 'ethers';
import { privateKeySigner } from '../chain/signer.ts';

const LABEL = 'dhc/consent-subject/1';
/** Counters in a row that nobody has seen before a search ends. */
const GAP = 20;

/**
 * HKDF-SHA256 (RFC 5869, no salt), `info` = the label and the counter as uint64.
 * @param secret 32 bytes of the patient
 * @returns a secp256k1 private key
 */
export function subjectKey(secret: Uint8Array, counter: number): Uint8Array {
  const extracted = computeHmac('sha256', new Uint8Array(32), secret);
  const info = concat([toUtf8Bytes(LABEL), toBeHex(counter, 8), '0x01']);
  return getBytes(computeHmac('sha256', getBytes(extracted), getBytes(info)));
}

/** Checksummed. */
export function subjectAddress(secret: Uint8Array, counter: number): string {
  return privateKeySigner(subjectKey(secret, counter)).address;
}

/**
 * The patient's own subjects among those seen on the chain, each with its counter.
 * @param seen subjects of `Requested` events, checksummed
 * @returns `next` is the counter for the next consent
 */
export function ownSubjects(
  secret: Uint8Array,
  seen: ReadonlySet<string>,
): { subjects: { address: string; counter: number }[]; next: number } {
  const subjects: { address: string; counter: number }[] = [];
  let next = 0;
  for (let counter = 0; counter < next + GAP; counter++) {
    const address = subjectAddress(secret, counter);
    if (!seen.has(address)) continue;
    subjects.push({ address, counter });
    next = counter + 1;
  }
  return { subjects, next };
}
