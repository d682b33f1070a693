/**
 * Keeps the heap of a conversion small. V8 by itself lets garbage grow to several hundred MB before it collects, as long as
 * the machine has them; flags that it reads at every collection say otherwise (docs/decisions/0110).
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Space of young objects: below this most of a large report would be copied, above it memory is only filled. */
const YOUNG_BYTES = 4 * 1024 * 1024;

/** To be called before much is loaded: the space of young objects never shrinks again. */
export function startSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--heap-growing-percent=20');
}

/** @returns to be called now and then, until young objects have the space that they should have */
export function growToSize(): () => void {
  setFlagsFromString('--semi-space-growth-factor=2');
  let grows = true;
  return () => {
    if (!grows || youngBytes() < YOUNG_BYTES) return;
    setFlagsFromString('--semi-space-growth-factor=1');
    grows = false;
  };
}

function youngBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}
