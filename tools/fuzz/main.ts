/**
 * `npm run fuzz -- [--cases 20000] [--from 0] [--share 20] [--growth]`: damaged and made-up HL7 v2 against reader, MLLP
 * framing, file splitting and, for one case in `share`, the whole normaliser. Every finding names its seed;
 * `--cases 1 --from SEED --share 1` shows it again. `--growth` measures instead how time grows with the input.
 */
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { measureGrowth } from './growth.ts';
import type { Shard } from './shard.ts';

/** CPU milliseconds of one case; wall seconds without progress that are a hang. */
const [LIMIT, HANG] = [2000, 60];

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '20000' },
    from: { type: 'string', default: '0' },
    share: { type: 'string', default: '20' },
    growth: { type: 'boolean', default: false },
  },
});

const findings: { seed: number; fault: string }[] = [];

/** @returns the seed at which it hangs, or undefined at its end */
function runShard(from: number, to: number, share: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const at = new Int32Array(new SharedArrayBuffer(4));
    const shard: Shard = { from, to, share, limit: LIMIT, at };
    const worker = new Worker(new URL('./shard.ts', import.meta.url), { workerData: shard });
    let [last, still] = [-1, 0];
    const watch = setInterval(() => {
      const seed = Atomics.load(at, 0);
      still = seed === last ? still + 1 : 0;
      last = seed;
      if (still < HANG) return;
      clearInterval(watch);
      void worker.terminate().then(() => resolve(seed));
    }, 1000);
    worker.on('message', (finding: { seed: number; fault: string }) => {
      findings.push(finding);
      process.stdout.write(`${finding.seed}\t${finding.fault}\n`);
    });
    worker.on('error', reject);
    worker.on('exit', () => {
      clearInterval(watch);
      resolve(undefined);
    });
  });
}

if (values.growth) process.exitCode = measureGrowth() ? 0 : 1;
else {
  const [first, share] = [Number(values.from), Number(values.share)];
  const end = first + Number(values.cases);
  for (let from = first; from < end; ) {
    const hung = await runShard(from, end, share);
    if (hung === undefined) break;
    findings.push({ seed: hung, fault: 'hang' });
    process.stdout.write(`${hung}\thang\n`);
    from = hung + 1;
  }
  process.stdout.write(`cases ${first} to ${end - 1}, one in ${share} normalised: ${findings.length} findings\n`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
