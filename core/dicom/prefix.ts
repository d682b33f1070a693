/** How much of an instance is looked at for its header: 64 KiB first, then more while the header asks for it. */
import { BridgeError } from '../errors.ts';

/** A header longer than the last of these, because of some private element before the UIDs, is no sane file. */
export const PREFIXES = [64 * 1024, 1024 * 1024, 16 * 1024 * 1024] as const;

export function headerTooLong(): BridgeError {
  return new BridgeError('source.too-large', 'the header does not end within 16 MiB');
}
