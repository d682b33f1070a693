/** Anchors batches with one account: the goal of a `Sender`, whose promises about kills and nonces hold here. */
import { BridgeError } from '../../core/errors.ts';
import type { Batch } from '../../core/types.ts';
import {
  type AnchorEvent,
  encodeAnchor,
  findAnchor,
  hasRole,
  manifestDigest,
  refusal,
  revertName,
} from './health-index.ts';
import { type Goal, type GoalState, Sender, type SenderOptions, type SettleOptions } from './sender.ts';

export interface AnchorerOptions extends SenderOptions {
  readonly contract: string;
}

export interface BatchToAnchor extends Pick<Batch, 'manifestCid' | 'root' | 'tags'> {
  /** The journal's. */
  readonly id: string;
}

export type AnchorState = GoalState<AnchorEvent>;

export class Anchorer {
  readonly #options: AnchorerOptions;
  readonly #sender: Sender;

  constructor(options: AnchorerOptions) {
    this.#options = options;
    this.#sender = new Sender(options);
  }

  /**
   * Whether this account can anchor at all.
   * @throws BridgeError `chain.wrong-chain`, `chain.no-contract`, `chain.no-role`, `chain.unreachable`
   */
  async check(signal?: AbortSignal): Promise<void> {
    const { rpc, contract, signer } = this.#options;
    await this.#sender.requireChain(signal);
    if (!(await hasRole(rpc, contract, signer.address, signal)))
      throw new BridgeError('chain.no-role', 'the signer is not an admitted hospital');
  }

  /** One round, see `Sender`. @throws BridgeError `chain.*` */
  async advance(batch: BatchToAnchor, signal?: AbortSignal): Promise<AnchorState> {
    return await this.#sender.advance(this.#goal(batch), signal);
  }

  /**
   * Rounds until the batch is included (or final).
   * @throws BridgeError `chain.pending` at the deadline; `chain.*` that are permanent at once
   */
  async settle(
    batch: BatchToAnchor,
    wait: SettleOptions,
    signal?: AbortSignal,
  ): Promise<AnchorState & { event: AnchorEvent }> {
    return await this.#sender.settle(this.#goal(batch), wait, signal);
  }

  #goal(batch: BatchToAnchor): Goal<AnchorEvent> {
    const { rpc, contract, signer } = this.#options;
    return {
      id: batch.id,
      contract,
      check: (signal) => this.check(signal),
      async find(signal) {
        const event = await findAnchor(rpc, contract, signer.address, batch.root, signal);
        if (event && event.manifest !== manifestDigest(batch.manifestCid))
          throw new BridgeError('chain.reverted', 'the root was anchored with another manifest');
        return event;
      },
      data: () =>
        encodeAnchor({
          root: batch.root,
          manifest: manifestDigest(batch.manifestCid),
          tags: `0x${batch.tags.join('')}`,
        }),
      refusal: (error) =>
        revertName(error) === 'AlreadyAnchored'
          ? new BridgeError('chain.pending', 'the batch was anchored at this very moment; the next round finds it')
          : refusal(error),
    };
  }
}
