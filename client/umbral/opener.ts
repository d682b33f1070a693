/**
 * Opens Umbral key packets with the library that the application gives (`@nucypher/umbral-pre`, GPL-3.0-only): this
 * package neither contains nor loads it (docs/decisions/0025).
 */
import { equal } from '../bytes.ts';
import type { PacketOpener } from '../capsule.ts';
import { CannotOpen } from '../refusal.ts';

interface Handle {
  free(): void;
}

/** The part of the library that is used. */
export interface UmbralLibrary {
  readonly SecretKey: { fromBEBytes(bytes: Uint8Array): Handle };
  readonly Capsule: { fromBytes(bytes: Uint8Array): Handle };
  decryptOriginal(secret: never, capsule: never, ciphertext: Uint8Array): Uint8Array;
}

export function umbralOpener(library: UmbralLibrary): PacketOpener {
  return {
    alg: 'umbral-secp256k1-chacha20poly1305',
    async open({ capsule, ct, ...others }, binder, { umbralSecret }) {
      if (!capsule || !ct || !umbralSecret || Object.keys(others).length > 0) throw new CannotOpen();
      const plaintext = decrypt(library, umbralSecret, capsule, ct);
      if (!equal(plaintext.subarray(0, 32), binder)) throw new CannotOpen();
      return plaintext.subarray(32);
    },
  };
}

function decrypt(library: UmbralLibrary, secret: Uint8Array, capsule: Uint8Array, ct: Uint8Array): Uint8Array {
  const handles: Handle[] = [];
  try {
    handles.push(library.SecretKey.fromBEBytes(secret), library.Capsule.fromBytes(capsule));
    return library.decryptOriginal(handles[0] as never, handles[1] as never, ct);
  } catch {
    throw new CannotOpen();
  } finally {
    for (const handle of handles) handle.free();
  }
}
