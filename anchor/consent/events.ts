/** What the contract `Consent` has written down: the history of consents, in the order of the chain. */
import { BridgeError } from '../../core/errors.ts';
import { sameAddress } from '../chain/health-index.ts';
import { type ChainRpc, type Log, quantity, refusedCall } from '../chain/rpc.ts';
import type { Found } from '../chain/sender.ts';
import { consentAbi } from './contracts.ts';
import type { Terms } from './terms.ts';

interface Base extends Found {
  /** Of the consent, `consentId`. */
  readonly id: string;
}

export type ConsentEvent = Base &
  (
    | { readonly kind: 'requested'; readonly terms: Terms }
    | { readonly kind: 'granted' | 'revoked'; readonly requester: string; readonly holder: string }
    | { readonly kind: 'approved'; readonly member: string; readonly approvals: number }
    | {
        readonly kind: 'delivered';
        readonly requester: string;
        readonly holder: string;
        readonly commitment: string;
        readonly records: number;
      }
  );

export interface EventFilter {
  readonly id?: string;
  readonly kinds?: readonly ConsentEvent['kind'][];
  /** Account of a member of the board, for `approved`; of the requester for the others. */
  readonly account?: string;
  readonly fromBlock?: number;
  readonly toBlock?: number;
}

const NAMES = {
  requested: 'Requested',
  granted: 'Granted',
  approved: 'Approved',
  revoked: 'Revoked',
  delivered: 'Delivered',
} as const;
const KINDS = Object.keys(NAMES) as ConsentEvent['kind'][];

/** @throws BridgeError `chain.unreachable` */
export async function consentEvents(
  rpc: ChainRpc,
  contract: string,
  filter: EventFilter = {},
  signal?: AbortSignal,
): Promise<ConsentEvent[]> {
  const kinds = filter.kinds ?? KINDS;
  const topics = [
    kinds.map((kind) => consentAbi.getEvent(NAMES[kind])!.topicHash),
    filter.id ?? null,
    ...(filter.account ? [topicOf(filter.account)] : []),
  ];
  const fromBlock = quantity(filter.fromBlock ?? 0);
  const toBlock = filter.toBlock === undefined ? 'latest' : quantity(filter.toBlock);
  try {
    const logs = await rpc.send<Log[]>('eth_getLogs', [{ address: contract, fromBlock, toBlock, topics }], signal);
    return logs.flatMap((log) => decodeConsentEvent(log, contract) ?? []);
  } catch (error) {
    throw refusedCall(error);
  }
}

/** The event of a log; null for any other log or contract. */
export function decodeConsentEvent(log: Log, contract: string): ConsentEvent | null {
  if (log.removed || !sameAddress(log.address, contract)) return null;
  const kind = KINDS.find((one) => consentAbi.getEvent(NAMES[one])!.topicHash === log.topics[0]);
  if (!kind) return null;
  const values = consentAbi.decodeEventLog(NAMES[kind], log.data, log.topics);
  const { id, requester, holder, commitment } = values;
  const block = { number: Number(log.blockNumber), hash: log.blockHash };
  const base = { id, tx: log.transactionHash, block };
  if (kind === 'requested') {
    const { purpose, scope, until, sensitive, salt, subject } = values.terms;
    // Beyond every date that a consent could mean.
    const end = Math.min(Number(until), Number.MAX_SAFE_INTEGER);
    return { ...base, kind, terms: { requester, holder, subject, purpose, scope, until: end, sensitive, salt } };
  }
  if (kind === 'approved') return { ...base, kind, member: values.member, approvals: Number(values.approvals) };
  if (kind === 'delivered') return { ...base, kind, requester, holder, commitment, records: Number(values.records) };
  return { ...base, kind, requester, holder };
}

/** The last event of a filter. @throws BridgeError `chain.pending` when a reorganisation has just taken it away */
export async function lastEvent(
  rpc: ChainRpc,
  contract: string,
  filter: EventFilter,
  among: (event: ConsentEvent) => boolean,
  signal?: AbortSignal,
): Promise<ConsentEvent> {
  const event = (await consentEvents(rpc, contract, filter, signal)).filter(among).at(-1);
  if (!event) throw new BridgeError('chain.pending', 'the chain was reorganised at this very moment');
  return event;
}

function topicOf(account: string): string {
  return `0x${account.slice(2).toLowerCase().padStart(64, '0')}`;
}
