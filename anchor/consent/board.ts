/** Boards that approve sensitive scopes. */
import { sameAddress } from '../chain/health-index.ts';
import { addressTopic, lastLog } from '../chain/logs.ts';
import type { ChainRpc } from '../chain/rpc.ts';
import type { Found } from '../chain/sender.ts';
import { consentAbi } from './contracts.ts';

export interface Board {
  /** Accounts, none twice. */
  readonly members: readonly string[];
  /** Approvals that a scope needs. */
  readonly threshold: number;
}

const topic = consentAbi.getEvent('BoardChanged')!.topicHash;

/** The board that an account set last, with where it did; null where it never did. @throws RpcError */
export async function lastBoard(
  rpc: ChainRpc,
  contract: string,
  owner: string,
  signal?: AbortSignal,
): Promise<(Board & Found) | null> {
  const log = await lastLog(rpc, { address: contract, topics: [topic, addressTopic(owner)] }, signal);
  if (!log) return null;
  const { members, threshold } = consentAbi.decodeEventLog('BoardChanged', log.data, log.topics);
  const block = { number: Number(log.blockNumber), hash: log.blockHash };
  return { members: [...members], threshold: Number(threshold), tx: log.transactionHash, block };
}

export function sameBoard(a: Board, b: Board): boolean {
  const same = (member: string, n: number) => sameAddress(member, b.members[n]!);
  return a.threshold === b.threshold && a.members.length === b.members.length && a.members.every(same);
}
