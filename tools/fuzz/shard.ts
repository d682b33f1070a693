/** A worker of the fuzz run: its cases one by one, the number of the current one where the main thread can see it. */
import { parentPort, workerData } from 'node:worker_threads';
import { caseBytes } from './cases.ts';
import { frames, type Judge, normalizes, reads, splits } from './judge.ts';

export interface Shard {
  readonly from: number;
  readonly to: number;
  /** One case in so many is normalised, too. */
  readonly share: number;
  /** Milliseconds of CPU time that one case may take. */
  readonly limit: number;
  /** [0] the current seed */
  readonly at: Int32Array;
}

const { from, to, share, limit, at } = workerData as Shard;
const base: readonly Judge[] = [reads, frames, splits];

for (let seed = from; seed < to; seed += 1) {
  Atomics.store(at, 0, seed);
  const bytes = caseBytes(seed);
  const before = process.cpuUsage().user;
  for (const judge of seed % share === 0 ? [...base, normalizes] : base) {
    let fault: string | undefined;
    try {
      fault = await judge(bytes, seed);
    } catch (error) {
      fault = `threw ${error instanceof Error ? error.name : typeof error}`;
    }
    if (fault !== undefined) parentPort!.postMessage({ seed, fault });
  }
  const spent = (process.cpuUsage().user - before) / 1000;
  if (spent > limit)
    parentPort!.postMessage({ seed, fault: `slow: ${Math.round(spent)} ms for ${bytes.length} bytes` });
}
