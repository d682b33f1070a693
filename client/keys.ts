/** All keys of one person from one secret of 32 bytes, and the file in which an application keeps it. */
import { x25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, derive, fromHex, toHex, utf8 } from './bytes.ts';

export interface PersonKeys {
  readonly x25519Private: Uint8Array;
  readonly x25519Public: Uint8Array;
  readonly umbralSecret: Uint8Array;
  readonly umbralPublic: Uint8Array;
  /** Private key of the account that signs claims. */
  readonly account: Uint8Array;
}

/** A hospital that holds records of this person. */
export interface KnownHospital {
  readonly hospital: string;
  readonly indexKey: string;
  readonly chainId: string;
  readonly contract: string;
  /** `Consent` of the hospital's alliance. */
  readonly consent?: string;
}

/** What a person has to keep. Secrets that were replaced stay in it: older key packets need them. */
export interface KeyFile {
  readonly format: 'dhc-keys/1';
  /** Hex, newest first. */
  readonly secrets: readonly string[];
  readonly hospitals: readonly KnownHospital[];
  /** Counter of the next consent's address that was not yet given to anyone. */
  readonly nextSubject?: number;
}

export function newKeyFile(): KeyFile {
  return { format: 'dhc-keys/1', secrets: [toHex(crypto.getRandomValues(new Uint8Array(32)))], hospitals: [] };
}

/** @throws RangeError */
export function readKeyFile(text: string): KeyFile {
  const file = JSON.parse(text) as KeyFile;
  const whole = file?.format === 'dhc-keys/1' && Array.isArray(file.hospitals) && file.secrets?.length > 0;
  if (!whole || !file.secrets.every((secret) => /^[0-9a-f]{64}$/.test(secret))) throw new RangeError('no key file');
  return file;
}

export function personKeys(secret: Uint8Array): PersonKeys {
  const x25519Private = derive(secret, 'dhc/patient-x25519/1');
  const umbralSecret = derive(secret, 'dhc/patient-umbral/1');
  return {
    x25519Private,
    x25519Public: x25519.getPublicKey(x25519Private),
    umbralSecret,
    umbralPublic: secp256k1.getPublicKey(umbralSecret, true),
    account: derive(secret, 'dhc/patient-account/1'),
  };
}

/** Keys of all secrets of a file, newest first. */
export function allKeys(file: KeyFile): PersonKeys[] {
  return file.secrets.map((secret) => personKeys(fromHex(secret)));
}

/** Checksummed (ERC-55). */
export function addressOf(privateKey: Uint8Array): string {
  const point = secp256k1.getPublicKey(privateKey, false).subarray(1);
  return checksummed(toHex(keccak_256(point).subarray(12)));
}

/** @param address 40 hex digits, with or without 0x */
export function checksummed(address: string): string {
  const lower = address.replace(/^0x/, '').toLowerCase();
  const digest = toHex(keccak_256(utf8(lower)));
  return `0x${[...lower].map((digit, at) => (Number.parseInt(digest[at]!, 16) >= 8 ? digit.toUpperCase() : digit)).join('')}`;
}

/** An Ethereum signature of a digest: r ‖ s ‖ v, 65 bytes, s in the lower half. */
export function signDigest(privateKey: Uint8Array, digest: Uint8Array): Uint8Array {
  const signature = secp256k1.sign(digest, privateKey, { prehash: false, format: 'recovered' });
  return concat(signature.subarray(1), Uint8Array.of(27 + signature[0]!));
}

/** ERC-191, as wallets sign a text. */
export function signText(privateKey: Uint8Array, text: string): Uint8Array {
  const message = utf8(text);
  return signDigest(privateKey, keccak_256(concat(utf8(`\x19Ethereum Signed Message:\n${message.length}`), message)));
}
