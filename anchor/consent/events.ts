/** What the contract `Consent` has written down: the history of consents, in the order of the chain. */
import { BridgeError } from '../../core/errors.ts';
import { sameAddress } from '../chain/anchored.ts';
import { addressTopic, logsOf } from '../chain/logs.ts';
import type { ChainRpc, Log } from '../chain/rpc.ts';
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

/** In the order of the chain, a page of blocks in memory. @throws BridgeError `chain.unreachable` */
export async function* consentEvents(
  rpc: ChainRpc,
  contract: string,
  { kinds = KINDS, id, account, fromBlock, toBlock }: EventFilter = {},
  signal?: AbortSignal,
): AsyncGenerator<ConsentEvent> {
  const topics = [
    kinds.map((kind) => consentAbi.getEvent(NAMES[kind])!.topicHash),
    id ?? null,
    ...(account ? [addressTopic(account)] : []),
  ];
  const range = { ...(fromBlock !== undefined && { fromBlock }), ...(toBlock !== undefined && { toBlock }) };
  for await (const log of logsOf(rpc, { address: contract, topics, ...range }, signal)) {
    const event = decodeConsentEvent(log, contract);
    if (event) yield event;
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
  let event: ConsentEvent | undefined;
  for await (const one of consentEvents(rpc, contract, filter, signal)) if (among(one)) event = one;
  if (!event) throw new BridgeError('chain.pending', 'the chain was reorganised at this very moment');
  return event;
}
