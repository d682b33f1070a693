/**
 * The patient on the chain: a key for each consent, derived from the patient's secret and a counter. Two subjects of one
 * patient have nothing in common for anyone else, and the patient finds all of them again with the secret alone.
 */
import { computeHmac, concat, getBytes, toBeHex, toUtf8Bytes } from 'ethers';
import { privateKeySigner } from '../chain/signer.ts';

const LABEL = 'dhc/consent-subject/1';
/** Counters in a row that nobody has used before a search ends: consents that were offered and never asked for. */
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

/** Finds the patient's own subjects among those of the chain as they pass by; remembers none of the others. */
export class OwnSubjects {
  readonly #secret: Uint8Array;
  /** Those that may come next, by address. */
  readonly #expected = new Map<string, number>();
  #next: number;

  /** @param next counter that was not yet given to anyone, as far as is known */
  constructor(secret: Uint8Array, next = 0) {
    this.#secret = secret;
    this.#next = next;
    this.#expect();
  }

  /** The counter for the next consent. */
  get next(): number {
    return this.#next;
  }

  /** @param address of a `Requested` event, checksummed. @returns its counter, undefined for another's */
  counterOf(address: string): number | undefined {
    const counter = this.#expected.get(address);
    if (counter === undefined) return undefined;
    this.#next = Math.max(this.#next, counter + 1);
    this.#expect();
    return counter;
  }

  #expect(): void {
    for (let counter = this.#expected.size; counter < this.#next + GAP; counter++)
      this.#expected.set(subjectAddress(this.#secret, counter), counter);
  }
}
