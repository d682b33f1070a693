/** AES-256-GCM by WebCrypto. */
import { CannotOpen } from './refusal.ts';

const KEY = { name: 'AES-GCM' } as const;

export type AesKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** WebCrypto's types ask for bytes that are not shared between threads; ours never are. */
type Plain = Uint8Array<ArrayBuffer>;

export function importAes(key: Uint8Array): Promise<AesKey> {
  return crypto.subtle.importKey('raw', key as Plain, KEY, false, ['encrypt', 'decrypt']);
}

/** @returns ciphertext and tag */
export async function sealAes(
  key: AesKey,
  iv: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const parameters = { ...KEY, iv: iv as Plain, additionalData: aad as Plain };
  return new Uint8Array(await crypto.subtle.encrypt(parameters, key, plaintext as Plain));
}

/** @param sealed ciphertext and tag. @throws CannotOpen */
export async function openAes(key: AesKey, iv: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Promise<Uint8Array> {
  const parameters = { ...KEY, iv: iv as Plain, additionalData: aad as Plain };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters, key, sealed as Plain));
  } catch {
    throw new CannotOpen();
  }
}
