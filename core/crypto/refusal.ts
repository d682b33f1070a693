import { BridgeError } from '../errors.ts';

/**
 * The one answer to anything that cannot be opened. It does not say which check failed: a reader
 * has no use for it, and a forger would.
 */
export function cannotOpen(): BridgeError {
  return new BridgeError('seal.open', 'the sealed bytes cannot be opened');
}

/** A request to seal that the format cannot express. */
export function cannotSeal(what: string): BridgeError {
  return new BridgeError('seal.failed', what);
}
