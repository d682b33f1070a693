/** Fees of EIP-1559 transactions, with a ceiling: a stuck transaction is never bid up without end. */
import { BridgeError } from '../../core/errors.ts';
import { type ChainRpc, RpcError } from './rpc.ts';

/** Wei per gas. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** EIP-7825: no transaction may ask for more. */
export const MAX_GAS = 16_777_216n;

/** The base fee may double before the transaction is taken; zero on chains without fees. */
export async function suggestFees(rpc: ChainRpc, ceiling: bigint, signal?: AbortSignal): Promise<Fees> {
  const block = await rpc.block('latest', signal);
  const base = BigInt(block?.baseFeePerGas ?? 0);
  const tip = await suggestTip(rpc, signal);
  return capped({ maxFeePerGas: 2n * base + tip, maxPriorityFeePerGas: tip }, ceiling);
}

/**
 * Fees that replace a pending transaction. Nodes ask for 10 % more on both; 12.5 % leaves no doubt of rounding.
 * @returns null when the ceiling does not allow it
 */
export function bump(old: Fees, suggested: Fees, ceiling: bigint): Fees | null {
  const raise = (fee: bigint) => fee + fee / 8n + 1n;
  const max = (a: bigint, b: bigint) => (a > b ? a : b);
  const fees = {
    maxFeePerGas: max(raise(old.maxFeePerGas), suggested.maxFeePerGas),
    maxPriorityFeePerGas: max(raise(old.maxPriorityFeePerGas), suggested.maxPriorityFeePerGas),
  };
  return fees.maxFeePerGas > ceiling ? null : fees;
}

/**
 * What a call may use: the node's estimate and a tenth.
 * @throws RpcError when the call reverts; BridgeError `chain.reverted` above the limit of a transaction
 */
export async function estimateGas(
  rpc: ChainRpc,
  call: { from: string; to: string; data: string },
  signal?: AbortSignal,
): Promise<bigint> {
  const estimate = BigInt(await rpc.send<string>('eth_estimateGas', [call, 'latest'], signal));
  if (estimate > MAX_GAS) throw new BridgeError('chain.reverted', 'the batch is too large for one transaction');
  const gas = estimate + estimate / 10n;
  return least(gas, MAX_GAS);
}

/** @throws BridgeError `chain.no-funds` */
export async function requireFunds(
  rpc: ChainRpc,
  account: string,
  gas: bigint,
  fees: Fees,
  signal?: AbortSignal,
): Promise<void> {
  const balance = BigInt(await rpc.send<string>('eth_getBalance', [account, 'latest'], signal));
  if (balance < gas * fees.maxFeePerGas)
    throw new BridgeError('chain.no-funds', "the signer's account cannot pay for the transaction", {
      hint: `fund ${account} with at least ${gas * fees.maxFeePerGas} wei, then resume`,
    });
}

async function suggestTip(rpc: ChainRpc, signal?: AbortSignal): Promise<bigint> {
  try {
    return BigInt(await rpc.send<string>('eth_maxPriorityFeePerGas', [], signal));
  } catch (error) {
    // Not every permissioned chain knows this call.
    if (error instanceof RpcError) return 0n;
    throw error;
  }
}

function capped(fees: Fees, ceiling: bigint): Fees {
  const maxFeePerGas = least(fees.maxFeePerGas, ceiling);
  const tip = least(fees.maxPriorityFeePerGas, maxFeePerGas);
  return { maxFeePerGas, maxPriorityFeePerGas: tip };
}

function least(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}
