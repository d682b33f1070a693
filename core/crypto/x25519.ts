/** X25519 (RFC 7748) with raw 32-byte keys on node:crypto. */
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { cannotOpen } from './refusal.ts';

export const KEY_LENGTH = 32;
/** DER of RFC 8410 before the raw key. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

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
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, raw]), format: 'der', type: 'pkcs8' });
  // The JWK export is twenty times quicker than SPKI.
  const { x } = key.export({ format: 'jwk' });
  return { key, publicKey: new Uint8Array(Buffer.from(x!, 'base64url')) };
}

export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  return importPrivate(privateKey).publicKey;
}

/**
 * @returns the shared secret, 32 bytes
 * @throws BridgeError `seal.open` for a public key of small order, which RFC 9180 §7.1.4 has to be refused
 */
export function agree(own: X25519Private, publicKey: Uint8Array): Uint8Array {
  try {
    return diffieHellman({ privateKey: own.key, publicKey: importPublic(publicKey) });
  } catch {
    throw cannotOpen();
  }
}

function importPublic(raw: Uint8Array): KeyObject {
  if (raw.length !== KEY_LENGTH) throw cannotOpen();
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
}
