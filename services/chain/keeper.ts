/**
 * The heart-beat of the embedded chain: mines what is pending once a second and puts each new block on
 * disk. It mines only while there is something to do. anvil keeps every block in memory and in its
 * state, about 1.8 kB each, so that one empty block a second would make 150 MB a day of nothing.
 */
import { callChain } from '../probes.ts';
import type { Snapshots } from './snapshots.ts';

export interface Keeper {
  /** Takes up the work on a chain that has just started. */
  start(): Promise<void>;
  /** Ends the beat, after a last snapshot if one is due. */
  stop(): Promise<void>;
}

const BEAT_MS = 1_000;
/** Empty blocks after the last one with transactions, at least: it becomes `finalized`, and deep enough for most. */
const TRAILING_BLOCKS = 16;
/** anvil serves no state of blocks before its start; with so many new ones `finalized` (two behind) has state again. */
const FIRST_BLOCKS = 3;
const CALL_TIMEOUT_MS = 10_000;
const DUMP_TIMEOUT_MS = 120_000;
/** A snapshot holds the whole chain: at most this share of the time goes into taking it. */
const DUMP_SHARE = 0.25;

interface Head {
  readonly hash: string;
  readonly transactions: readonly string[];
}

export function openKeeper(rpc: string, snapshots: Snapshots, confirmations = 0): Keeper {
  const trailingBlocks = Math.max(TRAILING_BLOCKS, confirmations + 1);
  let timer: NodeJS.Timeout | undefined;
  let beat: Promise<void> = Promise.resolve();
  let savedHead: string | undefined;
  let trailing = 0;
  let notBefore = 0;

  async function state(): Promise<{ pending: number; head: Head }> {
    const [pool, head] = await callChain(
      rpc,
      [['txpool_status'], ['eth_getBlockByNumber', 'latest', false]],
      CALL_TIMEOUT_MS,
    );
    return { pending: Number((pool as { pending: string }).pending), head: head as Head };
  }

  async function work(): Promise<void> {
    const { pending, head } = await state();
    if (pending > 0 || head.transactions.length > 0) trailing = trailingBlocks;
    if (trailing === 0) return saveIfNew(head);
    if (pending === 0) trailing--;
    await callChain(rpc, [['evm_mine']], CALL_TIMEOUT_MS);
    await saveIfNew((await state()).head);
  }

  async function saveIfNew(head: Head): Promise<void> {
    if (head.hash === savedHead || Date.now() < notBefore) return;
    const begun = Date.now();
    const [dump] = await callChain(rpc, [['anvil_dumpState']], DUMP_TIMEOUT_MS);
    await snapshots.save(dump as string);
    savedHead = head.hash;
    notBefore = Date.now() + (Date.now() - begun) / DUMP_SHARE - BEAT_MS;
  }

  function schedule(): void {
    timer = setTimeout(() => {
      // A chain that does not answer is the supervisor's business; the next beat tries again.
      beat = work().catch(() => {});
      void beat.then(() => timer && schedule());
    }, BEAT_MS);
  }

  async function pause(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    await beat;
  }

  return {
    async start() {
      await pause();
      await callChain(
        rpc,
        Array.from({ length: FIRST_BLOCKS }, () => ['evm_mine'] as const),
        CALL_TIMEOUT_MS,
      );
      await saveIfNew((await state()).head);
      schedule();
    },
    async stop() {
      await pause();
      notBefore = 0;
      await saveIfNew((await state()).head);
    },
  };
}
