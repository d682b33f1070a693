/**
 * The one place that loads `@nucypher/umbral-pre` (GPL-3.0-only), and only when a record with an Umbral packet is met.
 * Without the package everything else works (docs/decisions/0025).
 */
import { createRequire } from 'node:module';
import { BridgeError } from '../../../core/errors.ts';

export type Umbral = typeof import('@nucypher/umbral-pre');

let loaded: Umbral | undefined;

/** @throws BridgeError `service.missing` when the package is not installed */
export function umbralLibrary(): Umbral {
  try {
    loaded ??= createRequire(import.meta.url)('@nucypher/umbral-pre') as Umbral;
  } catch (cause) {
    throw new BridgeError('service.missing', 'the package @nucypher/umbral-pre is not installed', {
      hint: 'npm install @nucypher/umbral-pre, which is GPL-3.0; or set sealing.keyPacket to hpke',
      cause,
    });
  }
  return loaded;
}

interface Freed {
  free(): void;
}

/** WASM memory is not collected: what `use` was given to keep is let go of at its end. */
export function withUmbral<T>(use: (library: Umbral, keep: <O extends Freed>(object: O) => O) => T): T {
  const library = umbralLibrary();
  const kept: Freed[] = [];
  try {
    return use(library, (object) => {
      kept.push(object);
      return object;
    });
  } finally {
    for (const object of kept) object.free();
  }
}
