/**
 * HPKE (RFC 9180), base mode, single message: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
 * Names of variables are those of the RFC.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { hkdfExpand, hkdfExtract } from './hkdf.ts';
import { cannotOpen } from './refusal.ts';
import { agree, importPrivate, KEY_LENGTH, recipientKey, type X25519KeyPair, type X25519Private } from './x25519.ts';

const KEM_ID = 0x0020;
const KDF_ID = 0x0001;
const AEAD_ID = 0x0002;
const TAG_LENGTH = 16;
const NONE = new Uint8Array(0);

const HPKE_V1 = Buffer.from('HPKE-v1');
const KEM_SUITE = Buffer.concat([Buffer.from('KEM'), i2osp(KEM_ID)]);
const HPKE_SUITE = Buffer.concat([Buffer.from('HPKE'), i2osp(KEM_ID), i2osp(KDF_ID), i2osp(AEAD_ID)]);
const MODE_BASE = Buffer.from([0]);
const PSK_ID_HASH = labeledExtract(HPKE_SUITE, NONE, 'psk_id_hash', NONE);

export interface HpkeCiphertext {
  /** The encapsulated key, 32 bytes. */
  readonly enc: Uint8Array;
  /** Ciphertext and tag: 16 bytes longer than the plaintext. */
  readonly ct: Uint8Array;
}

/**
 * Seals to a public key (§6.1 `SealBase`).
 * @param publicKey raw, 32 bytes
 * @param ephemeralIkm for a reproducible result, 32 secret bytes that meet only this recipient, info, aad and
 *   plaintext; random when absent
 */
export function seal(
  publicKey: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
  ephemeralIkm: Uint8Array = randomBytes(KEY_LENGTH),
): HpkeCiphertext {
  const ephemeral = importPrivate(derivePrivate(ephemeralIkm));
  const sharedSecret = extractAndExpand(agree(ephemeral, recipientKey(publicKey)), ephemeral.publicKey, publicKey);
  const { key, nonce } = keySchedule(sharedSecret, info);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(aad);
  const ct = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  return { enc: ephemeral.publicKey, ct };
}

/**
 * Opens with the private key (§6.1 `OpenBase`).
 * @param privateKey raw, 32 bytes, or made ready by `importPrivate` when many are opened
 * @throws BridgeError `seal.open`
 */
export function open(
  privateKey: Uint8Array | X25519Private,
  info: Uint8Array,
  aad: Uint8Array,
  { enc, ct }: HpkeCiphertext,
): Uint8Array {
  if (ct.length < TAG_LENGTH) throw cannotOpen();
  const own = privateKey instanceof Uint8Array ? importPrivate(privateKey) : privateKey;
  const { key, nonce } = keySchedule(extractAndExpand(agree(own, enc), enc, own.publicKey), info);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_LENGTH })
    .setAAD(aad)
    .setAuthTag(ct.subarray(-TAG_LENGTH));
  const plaintext = decipher.update(ct.subarray(0, -TAG_LENGTH));
  try {
    decipher.final();
  } catch {
    throw cannotOpen();
  }
  return plaintext;
}

/** §7.1.3 `DeriveKeyPair` for X25519. @param ikm at least 32 bytes */
export function deriveKeyPair(ikm: Uint8Array): X25519KeyPair {
  const privateKey = derivePrivate(ikm);
  return { privateKey, publicKey: importPrivate(privateKey).publicKey };
}

function derivePrivate(ikm: Uint8Array): Uint8Array {
  return labeledExpand(KEM_SUITE, labeledExtract(KEM_SUITE, NONE, 'dkp_prk', ikm), 'sk', NONE, KEY_LENGTH);
}

/** §4.1 `ExtractAndExpand` over the context of encapsulated and recipient key. */
function extractAndExpand(dh: Uint8Array, enc: Uint8Array, pkR: Uint8Array): Uint8Array {
  const prk = labeledExtract(KEM_SUITE, NONE, 'eae_prk', dh);
  return labeledExpand(KEM_SUITE, prk, 'shared_secret', Buffer.concat([enc, pkR]), 32);
}

/** §5.1 `KeySchedule`, mode base, for sequence number 0: the nonce is the base nonce. */
function keySchedule(sharedSecret: Uint8Array, info: Uint8Array): { key: KeyObject; nonce: Uint8Array } {
  const infoHash = labeledExtract(HPKE_SUITE, NONE, 'info_hash', info);
  const context = Buffer.concat([MODE_BASE, PSK_ID_HASH, infoHash]);
  const secret = labeledExtract(HPKE_SUITE, sharedSecret, 'secret', NONE);
  return {
    // As a key object: raw bytes make a cipher take twice as long.
    key: createSecretKey(labeledExpand(HPKE_SUITE, secret, 'key', context, 32)),
    nonce: labeledExpand(HPKE_SUITE, secret, 'base_nonce', context, 12),
  };
}

/** §4 `LabeledExtract`. */
function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return hkdfExtract('sha256', salt, HPKE_V1, suite, Buffer.from(label), ikm);
}

/** §4 `LabeledExpand`. */
function labeledExpand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  return hkdfExpand('sha256', prk, Buffer.concat([i2osp(length), HPKE_V1, suite, Buffer.from(label), info]), length);
}

/** Two bytes, big-endian. */
function i2osp(value: number): Uint8Array {
  return Buffer.from([value >> 8, value & 0xff]);
}
