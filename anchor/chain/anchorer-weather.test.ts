/** Everything at once: several processes, one account, and a chain that loses calls, blocks and prices. One anchor each. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openJournal } from '../../core/journal/index.ts';
import type { AnchorTable } from '../../core/journal/types.ts';
import { MemoryAnchors } from '../testing/anchor-table.ts';
import { Anchoring, GWEI, madeBatch, soon } from '../testing/anchoring.ts';
import type { Anchorer } from './anchorer.ts';
import { ChainRpc, quantity } from './rpc.ts';

const signal = AbortSignal.timeout(170_000);
let on: Anchoring;
beforeAll(async () => {
  on = await Anchoring.start(signal);
  // No reorganisation reaches the contract.
  await on.mine(3);
});
afterAll(() => on?.chain.stop());

/** The same rows as another process sees them: nothing in memory is shared. */
function anotherProcess(store: AnchorTable): AnchorTable {
  return {
    putAnchor: (row) => store.putAnchor(row),
    anchor: (id) => store.anchor(id),
    anchors: (filter) => store.anchors(filter),
  };
}

test('two processes on one journal and one account, many batches at once', async () => {
  const journal = openJournal(':memory:', { digestKey: Buffer.alloc(32, 1), columnKey: Buffer.alloc(32, 2) });
  try {
    const batches = Array.from({ length: 12 }, () => madeBatch());
    const [a, b] = [anotherProcess(journal), anotherProcess(journal)].map((store) => on.anchorer({ store }));
    await Promise.all(
      batches.flatMap((batch, n) =>
        [a!, b!]
          .filter((_, which) => n % 3 === 2 || which === n % 3)
          .map((anchorer) => anchorer.settle(batch, soon, signal)),
      ),
    );
    for (const { root } of batches) expect(await on.anchors(root)).toBe(1);
  } finally {
    journal.close();
  }
});

/** What happens between two rounds. */
type Weather = 'calm' | 'restart' | 'remember' | 'reorg' | 'dear' | 'cheap' | 'no-blocks';
const weather = fc.constantFrom<Weather>('calm', 'calm', 'restart', 'remember', 'reorg', 'dear', 'cheap', 'no-blocks');
/** Of a call to the chain: one in so many is lost on the way there, one in so many on the way back. */
const LOST = 12;

test('any sequence of losses, restarts, reorganisations and prices ends with one anchor a batch', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(weather, { minLength: 10, maxLength: 40 }),
      fc.infiniteStream(fc.nat(LOST - 1)),
      async (days, dice) => {
        const store = new MemoryAnchors();
        const batches = Array.from({ length: 4 }, () => madeBatch());
        const rpc = new (class extends ChainRpc {
          override async send<T>(method: string, params: readonly unknown[], stop?: AbortSignal): Promise<T> {
            const luck = dice.next().value as number;
            if (luck === 0) await new ChainRpc('http://127.0.0.1:1').send(method, params, stop);
            const answer = await super.send<T>(method, params, stop);
            if (luck === 1) await new ChainRpc('http://127.0.0.1:1').send(method, params, stop);
            return answer;
          }
        })(on.chain.url);
        const begin = (): Anchorer =>
          on.anchorer({ rpc, store: anotherProcess(store), stuckMs: 0, maxFeePerGas: 400n * GWEI });
        let worker = begin();
        await on.automine(false);
        const past = new Past();
        await past.remember();
        for (const day of days) {
          if (day === 'restart') worker = begin();
          else if (day === 'remember') await past.remember();
          else if (day === 'reorg') await past.comeBack();
          else await changed(day);
          await Promise.all(batches.map((batch) => worker.advance(batch, signal).catch(passing)));
        }
        await changed('cheap');
        await on.automine(true);
        const last = on.anchorer({ store: anotherProcess(store) });
        for (const batch of batches) await last.settle(batch, soon, signal);
        for (const { root } of batches) expect(await on.anchors(root)).toBe(1);
      },
    ),
    { numRuns: 12 },
  );
});

/**
 * The chain as it was some days before, and other blocks from there. (Where anvil mines by itself at the
 * same time, and with `anvil_reorg`, blocks stay whose effects are taken back: a nonce is used twice, which no chain does.)
 */
class Past {
  #snapshot: unknown;

  async remember(): Promise<void> {
    this.#snapshot = await on.chain.rpc.send('evm_snapshot', []);
  }

  async comeBack(): Promise<void> {
    await on.chain.rpc.send('evm_revert', [this.#snapshot]);
    await this.remember();
    await on.mine(3);
  }
}

async function changed(day: Weather): Promise<void> {
  const price = (fee: bigint) => on.chain.rpc.send('anvil_setNextBlockBaseFeePerGas', [quantity(fee)]);
  if (day === 'dear') await price(300n * GWEI);
  else if (day === 'cheap') await price(GWEI);
  if (day !== 'no-blocks') await on.mine();
}

/** Bad weather is no reason to stop; anything permanent is. */
function passing(error: unknown): void {
  expect(error).toMatchObject({ name: 'BridgeError', kind: expect.stringMatching(/^(transient|ambiguous)$/) });
}
