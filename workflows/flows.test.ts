/** What runs by itself: schedules, continuous reading, and anchoring on a chain that is set back. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChainRpc } from '../anchor/chain/rpc.ts';
import { BridgeError } from '../core/errors.ts';
import type { Bridge } from './bridge.ts';
import type { FeedDefinition } from './sources.ts';
import { listFeed, observations, startHospital, type TestHospital } from './testing/hospital.ts';

let hospital: TestHospital;

beforeAll(async () => {
  hospital = await startHospital();
});

afterAll(() => hospital.stop());

async function using(bridge: Bridge, work: (bridge: Bridge) => Promise<void>): Promise<void> {
  try {
    await bridge.startWorker();
    await work(bridge);
  } finally {
    await bridge.close();
  }
}

/** A feed whose source refuses while `broken.now` is true. */
function mendable(name: string, broken: { now: boolean }): FeedDefinition {
  const feed = listFeed(name, observations(2));
  const open: typeof feed.connector.open = (config, context) => {
    const source = feed.connector.open(config, context);
    return {
      ...source,
      async *read(...args) {
        if (broken.now) throw new BridgeError('source.refused', 'the source refuses us');
        yield* source.read(...args);
      },
    };
  };
  return { ...feed, connector: { ...feed.connector, open } };
}

it('reads a feed when its schedule says so, and not while it is paused', async () => {
  const items = observations(2);
  await using(await hospital.open('scheduled', [listFeed('obs', items)]), async (bridge) => {
    const { schedules } = await bridge.flows();
    await schedules.set('obs', { every: '1s' });
    await expect.poll(() => bridge.journal.items({ feed: 'obs' }), { timeout: 20_000 }).toHaveLength(2);
    await schedules.pause('obs', 'source is being moved');
    expect(await schedules.list()).toMatchObject([{ feed: 'obs', paused: true, note: 'source is being moved' }]);
    await schedules.set('obs', { every: '2s' });
    expect((await schedules.list())[0]!.paused).toBe(true);
    await schedules.resume('obs');
    items.push(...observations(1, 50));
    await expect.poll(() => bridge.journal.items({ feed: 'obs' }), { timeout: 20_000 }).toHaveLength(3);
    expect(await schedules.remove('obs')).toBe(true);
    expect(await schedules.remove('obs')).toBe(false);
    await expect(schedules.pause('obs', '')).rejects.toMatchObject({ code: 'cli.not-found' });
  });
});

it('pauses a continuous feed whose source refuses for good, and goes on when a person says so', async () => {
  const broken = { now: true };
  await using(await hospital.open('paused', [mendable('obs', broken)]), async (bridge) => {
    const flows = await bridge.flows();
    await flows.start('obs', 'stay');
    const phase = async () => {
      const progress = await flows.progress('obs');
      // Each refusal is waited for; a person who resumes does not have to.
      if (progress?.phase === 'waiting' && progress.code) await flows.resume('obs');
      return progress;
    };
    await expect.poll(phase, { timeout: 30_000 }).toMatchObject({ phase: 'paused', code: 'source.refused' });
    broken.now = false;
    await flows.resume('obs');
    await expect.poll(() => bridge.journal.items({ feed: 'obs' }), { timeout: 20_000 }).toHaveLength(2);
    expect(await bridge.runFeed('obs')).toMatchObject({ mode: 'stay', read: 2 });
    await flows.stop('obs');
    expect(await flows.progress('obs')).toBeUndefined();
    expect((await bridge.journal.runs())[0]!.state).toBe('cancelled');
  });
});

it('anchors again what a chain lost that was set back behind its finality', async () => {
  const feeds = [listFeed('obs', observations(3))];
  const rpc = new ChainRpc(hospital.services.chain.rpc);
  await using(await hospital.open('reorg', feeds), async (bridge) => {
    await bridge.chain();
    const snapshot = await rpc.send<string>('evm_snapshot', []);
    await bridge.runFeed('obs');
    expect(await bridge.waitAnchored({ timeoutMs: 30_000 })).toBe(true);
    await rpc.send('evm_revert', [snapshot]);
  });
  await using(await hospital.reopen('reorg', feeds), async (bridge) => {
    const [item] = await bridge.journal.items({ feed: 'obs' });
    const anchored = async () => {
      const receipt = await bridge.journal.receipt(item!.id);
      return receipt && rpc.send('eth_getTransactionReceipt', [receipt.tx]);
    };
    await expect.poll(anchored, { timeout: 30_000 }).toMatchObject({ status: '0x1' });
    expect(await bridge.waitAnchored({ timeoutMs: 30_000 })).toBe(true);
    expect((await bridge.journal.accounting())[0]).toMatchObject({ read: 3, final: 3, holds: true });
  });
});
