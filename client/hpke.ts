/** HPKE (RFC 9180), base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Names are those of the RFC. */
import { x25519 } from '@noble/curves/ed25519.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { importAes, openAes, sealAes } from './aes.ts';
import { concat, uint16, utf8 } from './bytes.ts';
import { CannotOpen } from './refusal.ts';

const NONE = new Uint8Array(0);
const KEM = concat(utf8('KEM'), uint16(0x0020));
const HPKE = concat(utf8('HPKE'), uint16(0x0020), uint16(0x0001), uint16(0x0002));

export interface HpkeCiphertext {
  /** 32 bytes */
  readonly enc: Uint8Array;
  readonly ct: Uint8Array;
}

/** §6.1 `SealBase` with a random ephemeral key. @param publicKey 32 bytes */
export async function seal(
  publicKey: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Promise<HpkeCiphertext> {
  const ephemeral = x25519.utils.randomSecretKey();
  const enc = x25519.getPublicKey(ephemeral);
  const { key, nonce } = schedule(sharedSecret(agree(ephemeral, publicKey), enc, publicKey), info);
  return { enc, ct: await sealAes(await importAes(key), nonce, aad, plaintext) };
}

/** §6.1 `OpenBase`. @throws CannotOpen */
export async function open(
  privateKey: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  { enc, ct }: HpkeCiphertext,
): Promise<Uint8Array> {
  if (privateKey.length !== 32 || enc.length !== 32) throw new CannotOpen();
  const own = x25519.getPublicKey(privateKey);
  const { key, nonce } = schedule(sharedSecret(agree(privateKey, enc), enc, own), info);
  return openAes(await importAes(key), nonce, aad, ct);
}

function agree(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
  try {
    return x25519.getSharedSecret(privateKey, publicKey);
  } catch {
    throw new CannotOpen();
  }
}

function sharedSecret(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Uint8Array {
  return labeledExpand(KEM, labeledExtract(KEM, NONE, 'eae_prk', dh), 'shared_secret', concat(enc, recipient), 32);
}

/** §5.1 `KeySchedule` for sequence number 0. */
function schedule(shared: Uint8Array, info: Uint8Array): { key: Uint8Array; nonce: Uint8Array } {
  const pskId = labeledExtract(HPKE, NONE, 'psk_id_hash', NONE);
  const context = concat(Uint8Array.of(0), pskId, labeledExtract(HPKE, NONE, 'info_hash', info));
  const secret = labeledExtract(HPKE, shared, 'secret', NONE);
  return {
    key: labeledExpand(HPKE, secret, 'key', context, 32),
    nonce: labeledExpand(HPKE, secret, 'base_nonce', context, 12),
  };
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array {
  return extract(sha256, concat(utf8('HPKE-v1'), suite, utf8(label), ikm), salt);
}

function labeledExpand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  return expand(sha256, prk, concat(uint16(length), utf8('HPKE-v1'), suite, utf8(label), info), length);
}
