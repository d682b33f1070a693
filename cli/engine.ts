/**
 * How V8 runs a conversion, by flags that it reads while it runs (docs/decisions/0110). By itself it lets garbage grow to several
 * hundred MB before it collects, as long as the machine has them, and compiles what a process of many minutes would be worth.
 */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Of both halves of the space of young objects. */
const YOUNG_BYTES = 32 * 1024 * 1024;
/** Young objects after which they are collected between two items, when the garbage of the one needs no copying. */
const WORTH_BYTES = 8 * 1024 * 1024;

/** To be called before much is loaded: the space of young objects never shrinks again. */
export function startSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
  // How far the heap may grow between two collections of all of it.
  setFlagsFromString('--heap-growing-percent=60');
  // What is made once an item lives as long as the item: made in the space of old objects, it would keep the next one alive.
  setFlagsFromString('--no-allocation-site-pretenuring');
  // Threads that share a collection of a fraction of a millisecond cost more than it.
  setFlagsFromString('--no-parallel-scavenge');
}

/** @returns to be called between two items, when nothing holds the one any more */
export function collectBetween(): () => void {
  const collect = collector();
  setFlagsFromString('--semi-space-growth-factor=2');
  let grows = true;
  return () => {
    const { space_size, space_used_size } = young();
    if (grows && space_size >= YOUNG_BYTES) {
      setFlagsFromString('--semi-space-growth-factor=1');
      grows = false;
    }
    if (space_used_size >= WORTH_BYTES) collect({ type: 'minor' });
  };
}

/**
 * The time of a conversion is spread over a thousand small functions: to compile each once more with all that it calls costs a
 * run of a few thousand messages more than it gives, and a longer one loses nothing.
 */
export function compileLess(): void {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=300');
  setFlagsFromString('--invocation-count-for-turbofan=9000');
}

function collector(): NodeJS.GCFunction {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as NodeJS.GCFunction;
}

function young() {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')!;
}
