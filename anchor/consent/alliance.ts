/** Decisions of the alliance: proposed by one member, carried out with the last vote needed. */
import { ZeroHash } from 'ethers';
import { BridgeError } from '../../core/errors.ts';
import { addressTopic, lastLog } from '../chain/logs.ts';
import { type ChainRpc, refusedCall } from '../chain/rpc.ts';
import { type Found, type Goal, Sender, type SenderOptions, type SettleOptions } from '../chain/sender.ts';
import { ask, consentAbi, consentRefusal, registryAbi } from './contracts.ts';

/** What is public of a hospital. */
export interface HospitalProfile {
  /** Digest of the id under which it seals records, 0x-hex, 32 bytes. */
  readonly id: string;
  /** SHA-256 fingerprint of its certificate, 0x-hex, 32 bytes; zeros where it has none. */
  readonly certificate: string;
  /** Public key for key packets by HPKE, 0x-hex, 32 bytes. */
  readonly x25519: string;
  /** Public key for key packets by Umbral, 0x-hex, 33 bytes or `0x`. */
  readonly umbral: string;
  /** URI or CID, at most 256 bytes. */
  readonly endpoint: string;
}

export interface RegisteredHospital {
  readonly status: 'unknown' | 'active' | 'suspended';
  readonly profile: HospitalProfile;
}

/** A call that the registry makes when enough members vote for it. */
export interface Decision {
  readonly target: string;
  readonly data: string;
  /** Tells repetitions of the same call apart, 0x-hex, 32 bytes. */
  readonly salt: string;
}

const DEFAULT_WAIT: SettleOptions = { until: 'included', deadlineMs: 60_000 };
const STATUSES = ['unknown', 'active', 'suspended'] as const;
const votedTopic = registryAbi.getEvent('Voted')!.topicHash;

export function admission(registry: string, account: string, profile: HospitalProfile, salt = ZeroHash): Decision {
  return { target: registry, data: registryAbi.encodeFunctionData('admit', [account, profile]), salt };
}

export function suspension(registry: string, account: string, salt = ZeroHash): Decision {
  return { target: registry, data: registryAbi.encodeFunctionData('suspend', [account]), salt };
}

/** @param change accounts that join and leave, and the threshold afterwards; every open proposal is void then */
export function newMembers(
  registry: string,
  change: { readonly add: readonly string[]; readonly remove: readonly string[]; readonly threshold: number },
  salt = ZeroHash,
): Decision {
  const { add, remove, threshold } = change;
  return { target: registry, data: registryAbi.encodeFunctionData('changeAlliance', [add, remove, threshold]), salt };
}

/** The alliance's own board, for hospitals that have none. */
export function allianceBoard(
  consent: string,
  members: readonly string[],
  threshold: number,
  salt = ZeroHash,
): Decision {
  return { target: consent, data: consentAbi.encodeFunctionData('setBoard', [members, threshold]), salt };
}

/** A use that always asks for approval, or no longer. */
export function sensitivePurpose(consent: string, purpose: string, sensitive: boolean, salt = ZeroHash): Decision {
  return { target: consent, data: consentAbi.encodeFunctionData('setSensitive', [purpose, sensitive]), salt };
}

/** @throws BridgeError `chain.no-contract`, `chain.unreachable` */
export async function hospitalOf(
  rpc: ChainRpc,
  registry: string,
  account: string,
  signal?: AbortSignal,
): Promise<RegisteredHospital> {
  try {
    const [hospital] = await ask(rpc, registryAbi, registry, 'hospitalOf', [account], signal);
    const { id, certificate, x25519, umbral, endpoint } = hospital.profile;
    const status = STATUSES[Number(hospital.status)] ?? 'unknown';
    return { status, profile: { id, certificate, x25519, umbral, endpoint } };
  } catch (error) {
    throw refusedCall(error);
  }
}

export interface AllianceSeatOptions extends SenderOptions {
  /** `HospitalRegistry`. */
  readonly registry: string;
  /** How long a vote is waited for. Default: included, within 60 s. */
  readonly wait?: SettleOptions;
}

/** One member of the alliance. */
export class AllianceSeat {
  readonly #options: AllianceSeatOptions;
  readonly #sender: Sender;

  constructor(options: AllianceSeatOptions) {
    this.#options = options;
    this.#sender = new Sender(options);
  }

  /**
   * Gives this member's vote to a decision, and proposes it where nobody has. May be repeated.
   * @returns whether it was carried out by now
   * @throws BridgeError `chain.no-role` for others than members, `chain.reverted` when it cannot be carried out
   */
  async support(decision: Decision, signal?: AbortSignal): Promise<{ proposal: string; executed: boolean }> {
    const { rpc, registry, signer, wait = DEFAULT_WAIT } = this.#options;
    const view = (name: string, values: readonly unknown[]) =>
      ask(rpc, registryAbi, registry, name, values, signal).catch((error) => {
        throw refusedCall(error);
      });
    const values = [decision.target, decision.data, decision.salt];
    const [proposal] = await view('proposalId', values);
    let proposed = false;
    const goal: Goal<Found> = {
      id: `alliance:${proposal}:${signer.address}`,
      contract: registry,
      check: async () => {},
      find: async (signal) => {
        const [voted] = await ask(rpc, registryAbi, registry, 'hasVoted', [proposal, signer.address], signal);
        proposed = (await ask(rpc, registryAbi, registry, 'proposals', [proposal], signal)).expires !== 0n;
        return voted ? await this.#vote(proposal, signal) : null;
      },
      data: () => registryAbi.encodeFunctionData(proposed ? 'vote' : 'propose', values),
      refusal: consentRefusal,
    };
    await this.#sender.settle(goal, wait, signal);
    return { proposal, executed: (await view('proposals', [proposal])).executed as boolean };
  }

  async #vote(proposal: string, signal?: AbortSignal): Promise<Found> {
    const { rpc, registry, signer } = this.#options;
    const topics = [votedTopic, proposal, addressTopic(signer.address)];
    const log = await lastLog(rpc, { address: registry, topics }, signal);
    if (!log) throw new BridgeError('chain.pending', 'the chain was reorganised at this very moment');
    return { tx: log.transactionHash, block: { number: Number(log.blockNumber), hash: log.blockHash } };
  }
}
