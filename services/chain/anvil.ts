/** The embedded chain: anvil, one node, a block a second while there are transactions. */
import { join } from 'node:path';
import { BridgeError } from '../../core/errors.ts';
import { probeChain } from '../probes.ts';
import type { Embedded } from '../supervise.ts';
import { openKeeper } from './keeper.ts';
import { openSnapshots } from './snapshots.ts';

export const EMBEDDED_CHAIN_ID = 31337;

/**
 * The first account of anvil's public development mnemonic, rich from the first block. For the embedded
 * chain only: everybody knows this key.
 */
export const embeddedSigner = {
  address: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
  privateKey: '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
} as const;

/** @param confirmations depth that a transaction's block must reach while nothing else happens */
export function embeddedChain(binary: string, dataDir: string, port: number, confirmations?: number): Embedded {
  const folder = join(dataDir, 'chain');
  const rpc = `http://127.0.0.1:${port}`;
  const snapshots = openSnapshots(folder);
  const keeper = openKeeper(rpc, snapshots, confirmations);

  function command() {
    const newest = snapshots.newest();
    if (newest === undefined && snapshots.exist()) {
      throw new BridgeError('service.failed', 'no snapshot of the embedded chain can be read', {
        hint: `restore ${folder} from backup; an empty chain would not know the anchored batches`,
      });
    }
    const args = ['--host', '127.0.0.1', '--port', String(port), '--chain-id', String(EMBEDDED_CHAIN_ID)];
    // The keeper mines. One slot in an epoch: `safe` is one block behind the head, `finalized` two.
    args.push('--no-mining', '--slots-in-an-epoch', '1', '--gas-limit', '60000000');
    // State of old blocks is of no use here; blocks, transactions and receipts are kept for ever.
    args.push('--prune-history', '64', '--quiet');
    if (newest !== undefined) args.push('--load-state', newest);
    return { file: binary, args, cwd: folder };
  }

  return {
    name: 'chain',
    command,
    async probe() {
      await probeChain(rpc);
    },
    onReady: () => keeper.start(),
    // A good snapshot stays: a start may fail for other reasons, such as a port that was taken.
    onFailedStart: async () => snapshots.setAsideDamaged(),
    onStop: () => keeper.stop(),
  };
}
