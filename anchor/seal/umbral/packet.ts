/**
 * Key packets under Umbral threshold proxy re-encryption (secp256k1, ChaCha20-Poly1305). The patient can have them
 * re-encrypted for another person without opening them (`anchor/share`).
 *
 * Umbral authenticates its own capsule and takes no further data, so the binder goes into the plaintext: a packet moved
 * to other content opens to another binder and is refused.
 */
import { createECDH } from 'node:crypto';
import { cannotOpen, cannotSeal } from '../../../core/crypto/refusal.ts';
import { BridgeError } from '../../../core/errors.ts';
import type { KeyPacket } from '../key-packet.ts';
import { withUmbral } from './library.ts';

export const UMBRAL_ALG = 'umbral-secp256k1-chacha20poly1305';
const BINDER = 32;

/** Custody keys are used for many records, and a multiplication on the curve costs as much as wrapping. */
const publicKeys = new WeakMap<Uint8Array, Uint8Array>();

export const umbral: KeyPacket = {
  alg: UMBRAL_ALG,
  publicKey: ({ umbralPublic, umbralSecret }) => umbralPublic ?? (umbralSecret && umbralPublicOf(umbralSecret)),
  privateKey: (keys) => keys.umbralSecret,

  wrap(recipient, binder, secret) {
    return withUmbral(({ PublicKey, encrypt }, keep) => {
      const to = keep(readKey(() => PublicKey.fromCompressedBytes(recipient)));
      const [capsule, ct] = encrypt(to, Buffer.concat([binder, secret]));
      return { capsule: keep(capsule).toBytes(), ct };
    });
  },

  unwrap({ capsule, ct, ...others }, binder, privateKey) {
    if (capsule === undefined || ct === undefined || Object.keys(others).length > 0) throw cannotOpen();
    const plaintext = refusing(() =>
      withUmbral(({ Capsule, SecretKey, decryptOriginal }, keep) =>
        decryptOriginal(keep(SecretKey.fromBEBytes(privateKey)), keep(Capsule.fromBytes(capsule)), ct),
      ),
    );
    return boundSecret(plaintext, binder);
  },
};

/** The secret of a packet's plaintext. @throws BridgeError `seal.open` when it was made for other content */
export function boundSecret(plaintext: Uint8Array, binder: Uint8Array): Uint8Array {
  if (!Buffer.from(plaintext.subarray(0, BINDER)).equals(binder)) throw cannotOpen();
  return plaintext.subarray(BINDER);
}

/** @param secret scalar, 32 bytes. @returns compressed point, 33 bytes */
export function umbralPublicOf(secret: Uint8Array): Uint8Array {
  let known = publicKeys.get(secret);
  if (!known) {
    const curve = createECDH('secp256k1');
    curve.setPrivateKey(secret);
    known = new Uint8Array(curve.getPublicKey(null, 'compressed'));
    publicKeys.set(secret, known);
  }
  return known;
}

/** What the library refuses is `seal.open`; its words are not kept. */
export function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    throw cannotOpen();
  }
}

function readKey<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw cannotSeal('a public key is no point on the curve');
  }
}
