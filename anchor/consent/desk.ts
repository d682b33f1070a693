/**
 * Acts on consents with one account: a requester's, a holder's, a board member's, or that of anyone who brings a
 * patient's signature. Each act is a goal of a `Sender`: it may be repeated, it happens once, and the account's nonces
 * are those of the journal, which anchoring uses too.
 */
import { keccak256 } from 'ethers';
import { BridgeError } from '../../core/errors.ts';
import {
  type Found,
  type Goal,
  type GoalState,
  Sender,
  type SenderOptions,
  type SettleOptions,
} from '../chain/sender.ts';
import { type Board, lastBoard, sameBoard } from './board.ts';
import { ask, consentAbi, consentRefusal } from './contracts.ts';
import { type ConsentEvent, lastEvent } from './events.ts';
import { checkTerms, consentId, type Terms } from './terms.ts';

export interface ConsentDeskOptions extends SenderOptions {
  /** `Consent`. */
  readonly contract: string;
  /** How long an act is waited for. Default: included, within 60 s. */
  readonly wait?: SettleOptions;
}

export interface Delivery {
  /** Salted digest of what is handed over, 0x-hex, 32 bytes; counts once. */
  readonly commitment: string;
  readonly records: number;
}

type Settled = GoalState<ConsentEvent> & { readonly event: ConsentEvent };
type Step = 'requested' | 'granted' | 'revoked';

const DEFAULT_WAIT: SettleOptions = { until: 'included', deadlineMs: 60_000 };

export class ConsentDesk {
  readonly #options: ConsentDeskOptions;
  readonly #sender: Sender;

  constructor(options: ConsentDeskOptions) {
    this.#options = options;
    this.#sender = new Sender(options);
  }

  /** Asks for consent; the signer is the requester. @throws BridgeError `chain.no-role`, `consent.*` */
  async request(terms: Terms, signal?: AbortSignal): Promise<Settled> {
    return await this.#step('requested', 'request', [checkTerms(terms)], signal);
  }

  /** Brings the patient's grant. @param signature over `typedGrant`, 0x-hex @throws BridgeError `consent.*` */
  async submitGrant(terms: Terms, signature: string, signal?: AbortSignal): Promise<Settled> {
    return await this.#step('granted', 'grant', [checkTerms(terms), signature], signal);
  }

  /** Brings the patient's revocation. @param signature over `typedRevoke`, 0x-hex @throws BridgeError `consent.*` */
  async submitRevoke(terms: Terms, signature: string, signal?: AbortSignal): Promise<Settled> {
    return await this.#step('revoked', 'revoke', [checkTerms(terms), signature], signal);
  }

  /** Approves a sensitive scope; the signer has a seat on the holder's board. @throws BridgeError `consent.*` */
  async approve(terms: Terms, signal?: AbortSignal): Promise<Settled> {
    const checked = checkTerms(terms);
    const { rpc, contract, signer } = this.#options;
    const id = consentId(checked);
    const kinds = ['approved'] as const;
    return await this.#settle(
      {
        id: `consent:approve:${id}:${signer.address}`,
        find: async (signal) => {
          const [approved] = await this.#ask('hasApproved', [checked, signer.address], signal);
          if (!approved) return null;
          return await lastEvent(rpc, contract, { id, kinds, account: signer.address }, () => true, signal);
        },
        data: () => consentAbi.encodeFunctionData('approve', [checked]),
      },
      signal,
    );
  }

  /**
   * Writes down what is handed over; the signer is the holder. Before, `requireConsent` says whether it may be.
   * @throws BridgeError `consent.*`, `chain.no-role`
   */
  async recordDelivery(terms: Terms, delivery: Delivery, signal?: AbortSignal): Promise<Settled> {
    const checked = checkTerms(terms);
    const { rpc, contract } = this.#options;
    const { commitment, records } = delivery;
    const id = consentId(checked);
    const own = (event: ConsentEvent) => event.kind === 'delivered' && event.commitment === commitment;
    return await this.#settle(
      {
        id: `consent:deliver:${id}:${commitment}`,
        find: async (signal) => {
          const [number] = await this.#ask('deliveredAt', [id, commitment], signal);
          if (number === 0n) return null;
          const at = { id, fromBlock: Number(number), toBlock: Number(number) };
          return await lastEvent(rpc, contract, at, own, signal);
        },
        data: () => consentAbi.encodeFunctionData('deliver', [checked, commitment, records]),
      },
      signal,
    );
  }

  /**
   * Gives the signer's hospital this board, in the place of any other; no members at all dissolve it. Approvals of an
   * earlier board do not count any more.
   * @throws BridgeError `chain.no-role`, `chain.reverted` where the threshold cannot be reached
   */
  async setBoard(board: Board, signal?: AbortSignal): Promise<GoalState<Found> & { event: Found }> {
    const { rpc, contract, signer } = this.#options;
    const data = consentAbi.encodeFunctionData('setBoard', [board.members, board.threshold]);
    return await this.#settle(
      {
        id: `consent:board:${keccak256(data)}:${signer.address}`,
        find: async (signal) => {
          const last = await lastBoard(rpc, contract, signer.address, signal);
          return last && sameBoard(last, board) ? last : null;
        },
        data: () => data,
      },
      signal,
    );
  }

  async #step(
    step: Step,
    call: string,
    values: readonly [Terms, ...unknown[]],
    signal?: AbortSignal,
  ): Promise<Settled> {
    const { rpc, contract } = this.#options;
    const id = consentId(values[0]);
    return await this.#settle(
      {
        id: `consent:${call}:${id}`,
        find: async (signal) => {
          const state = await this.#ask('states', [id], signal);
          if (step !== 'revoked' && state.revoked !== 0n)
            throw new BridgeError('consent.revoked', 'the patient has taken the consent back');
          const number = Number(state[step]);
          if (number === 0) return null;
          const at = { id, kinds: [step], fromBlock: number, toBlock: number };
          return await lastEvent(rpc, contract, at, () => true, signal);
        },
        data: () => consentAbi.encodeFunctionData(call, [...values]),
      },
      signal,
    );
  }

  #ask(name: string, values: readonly unknown[], signal?: AbortSignal) {
    return ask(this.#options.rpc, consentAbi, this.#options.contract, name, values, signal);
  }

  async #settle<Event extends Found>(
    goal: Pick<Goal<Event>, 'id' | 'find' | 'data'>,
    signal: AbortSignal | undefined,
  ): Promise<GoalState<Event> & { event: Event }> {
    const { contract, wait = DEFAULT_WAIT } = this.#options;
    // The call itself is tried before it is signed: there is nothing to check before that.
    const check = async () => {};
    return await this.#sender.settle({ ...goal, contract, check, refusal: consentRefusal }, wait, signal);
  }
}
