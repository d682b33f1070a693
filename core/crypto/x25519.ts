/** X25519 (RFC 7748) with raw 32-byte keys on node:crypto. */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { cannotOpen } from './refusal.ts';

export const KEY_LENGTH = 32;
/** DER of RFC 8410 before the raw key. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

/** Public keys that are kept ready: a hospital's patients have many records each. */
const READY = 1024;

export interface X25519KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A private key made ready: importing costs as much as the agreement itself. */
export interface X25519Private {
  readonly key: KeyObject;
  readonly publicKey: Uint8Array;
}

/** @param raw 32 bytes; any are a valid key. @throws BridgeError `seal.open` for another length */
export function importPrivate(raw: Uint8Array): X25519Private {
  if (raw.length !== KEY_LENGTH) throw cannotOpen();
  const der = Buffer.concat([PKCS8_PREFIX, raw]);
  const key = withoutTraces(() => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  // The JWK export is twenty times quicker than SPKI.
  const { x } = key.export({ format: 'jwk' });
  return { key, publicKey: new Uint8Array(Buffer.from(x!, 'base64url')) };
}

export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  return importPrivate(privateKey).publicKey;
}

/**
 * @param publicKey raw, or made ready by `recipientKey`
 * @returns the shared secret, 32 bytes
 * @throws BridgeError `seal.open` for a public key of small order, which RFC 9180 §7.1.4 has to be refused
 */
export function agree(own: X25519Private, publicKey: Uint8Array | KeyObject): Uint8Array {
  try {
    const key = publicKey instanceof Uint8Array ? importPublic(publicKey) : publicKey;
    return diffieHellman({ privateKey: own.key, publicKey: key });
  } catch {
    throw cannotOpen();
  }
}

const ready = new Map<string, KeyObject>();

/** A public key that is used again and again, imported once. @throws BridgeError `seal.open` for another length */
export function recipientKey(raw: Uint8Array): KeyObject {
  const name = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1');
  let key = ready.get(name);
  if (key === undefined) {
    key = importPublic(raw);
    if (ready.size === READY) ready.delete(ready.keys().next().value!);
    ready.set(name, key);
  }
  return key;
}

function importPublic(raw: Uint8Array): KeyObject {
  if (raw.length !== KEY_LENGTH) throw cannotOpen();
  const der = Buffer.concat([SPKI_PREFIX, raw]);
  return withoutTraces(() => createPublicKey({ key: der, format: 'der', type: 'spki' }));
}

/**
 * node:crypto tries what kind of key it was given by throwing and catching errors of its own; without their stack
 * traces an import takes half as long.
 */
function withoutTraces<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
