/**
 * Transactions of one account, each with a goal. It owns the account's nonces, and it keeps every signed transaction
 * before it is sent, so that after a kill at any line the same transaction goes out again and nothing is done twice.
 *
 * Whether a goal is reached is asked of the contract, never of a transaction: a replaced, repeated, re-mined or
 * long forgotten transaction then makes no difference.
 */
import { Transaction } from 'ethers';
import { BridgeError } from '../../core/errors.ts';
import type { AnchorRow, AnchorTable } from '../../core/journal/types.ts';
import type { AnchorStatus } from '../../core/types.ts';
import { bump, estimateGas, requireFunds, suggestFees } from './fees.ts';
import { type Finality, isFinal } from './finality.ts';
import { sameAddress } from './health-index.ts';
import { NonceBook } from './nonce-book.ts';
import { pause } from './pause.ts';
import { type ChainRpc, RpcError, refusedCall } from './rpc.ts';
import type { Signer } from './signer.ts';
import { endsOf, signTransaction } from './transaction.ts';

export interface SenderOptions {
  readonly rpc: ChainRpc;
  /** Decimal string, from the config. */
  readonly chainId: string;
  readonly signer: Signer;
  /** The journal. Senders of one account share it, and with it the account's nonces. */
  readonly store: AnchorTable;
  readonly finality: Finality;
  /** Wei per gas that are never exceeded. Default 1,000 gwei. */
  readonly maxFeePerGas?: bigint;
  /** After this long in no block a transaction is replaced by one that pays more. Default 60 s. */
  readonly stuckMs?: number;
}

/** Where on the chain a goal was reached. */
export interface Found {
  readonly tx: string;
  readonly block: { readonly number: number; readonly hash: string };
}

/** Something that one call of one contract brings about, once. */
export interface Goal<Event extends Found> {
  /** Under which the journal keeps its transactions. */
  readonly id: string;
  readonly contract: string;
  /** Asks the contract; null while the goal is not reached. @throws BridgeError when it never can be */
  find(signal?: AbortSignal): Promise<Event | null>;
  /** Before anything is signed. @throws BridgeError */
  check(signal?: AbortSignal): Promise<void>;
  /** The call, 0x-hex. */
  data(): string;
  /** A refused call as an error of the table; `chain.pending` where the goal was reached at this very moment. */
  refusal(error: unknown): unknown;
}

/** What one round found or did. `event` is there when the status is `included` or `final`. */
export interface GoalState<Event> {
  readonly status: AnchorStatus;
  readonly event: Event | null;
}

export interface SettleOptions {
  readonly until: 'included' | 'final';
  /** From now. */
  readonly deadlineMs: number;
  readonly pollMs?: number;
}

const DEFAULT_CEILING = 1_000_000_000_000n;

interface Waiting {
  readonly status: AnchorStatus;
  readonly event: null;
}

export class Sender {
  readonly #options: SenderOptions;
  readonly #nonces: NonceBook;
  /** Since when a goal waits for a block, as far as this process knows. */
  readonly #waiting = new Map<string, number>();

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#nonces = new NonceBook(options.store, options.chainId, options.signer.address);
  }

  /**
   * One round: looks where the goal stands and does what comes next (sign and keep, send, send again, pay more,
   * begin anew after a reorganisation). May be called at any time, any number of times, also for a final goal.
   * @throws BridgeError `chain.*`
   */
  async advance<Event extends Found>(goal: Goal<Event>, signal?: AbortSignal): Promise<GoalState<Event>> {
    try {
      return await this.#round(goal, signal);
    } catch (error) {
      throw refusedCall(error);
    }
  }

  async #round<Event extends Found>(goal: Goal<Event>, signal?: AbortSignal): Promise<GoalState<Event>> {
    await this.requireChain(signal);
    // In this order: a nonce that is used up when the goal is not reached was used for something else.
    const used = await this.#options.rpc.nonce(this.#options.signer.address, signal);
    const event = await goal.find(signal);
    let row = await this.#options.store.anchor(goal.id);
    if (event) return await this.#record(goal, row, event, signal);
    if (row && (row.status === 'included' || row.status === 'final')) {
      row = { ...row, status: 'reorged', block: null, gas: null };
      await this.#options.store.putAnchor(row);
    }
    if (!row || !(await this.#usable(goal, row, used))) row = await this.#prepare(goal, row, signal);
    else if (await this.#known(row, signal)) return await this.#watch(row, used, signal);
    return await this.#broadcast(row, used, signal);
  }

  /**
   * Rounds until the goal is included (or final).
   * @throws BridgeError `chain.pending` at the deadline; errors that are permanent at once
   */
  async settle<Event extends Found>(
    goal: Goal<Event>,
    wait: SettleOptions,
    signal?: AbortSignal,
  ): Promise<GoalState<Event> & { event: Event }> {
    const end = Date.now() + wait.deadlineMs;
    for (;;) {
      const { status, event } = await this.#patiently(goal, end, signal);
      if (event && (status === 'final' || wait.until === 'included')) return { status, event };
      if (Date.now() >= end) throw new BridgeError('chain.pending', 'the chain has not taken it as deep as asked');
      await pause(wait.pollMs ?? 500, signal);
    }
  }

  /** A round in which a short outage of the node, or a fee above the ceiling, is no end. */
  async #patiently<Event extends Found>(
    goal: Goal<Event>,
    end: number,
    signal?: AbortSignal,
  ): Promise<GoalState<Event>> {
    try {
      return await this.advance(goal, signal);
    } catch (error) {
      const passing = error instanceof BridgeError && error.kind !== 'permanent';
      if (!passing || Date.now() >= end) throw error;
      return { status: 'ambiguous', event: null };
    }
  }

  /** @throws BridgeError `chain.wrong-chain`, `chain.unreachable` */
  async requireChain(signal?: AbortSignal): Promise<void> {
    if ((await this.#options.rpc.chainId(signal)) !== this.#options.chainId)
      throw new BridgeError('chain.wrong-chain', 'the RPC serves another chain than the config names');
  }

  /** Writes down what the chain says of a goal that is reached. */
  async #record<Event extends Found>(
    goal: Goal<Event>,
    old: AnchorRow | undefined,
    event: Event,
    signal?: AbortSignal,
  ): Promise<GoalState<Event>> {
    const { rpc, chainId, store, finality } = this.#options;
    this.#waiting.delete(goal.id);
    const status = (await isFinal(rpc, event.block.number, finality, signal)) ? 'final' : 'included';
    if (old?.status === status && old.block?.hash === event.block.hash) return { status, event };
    const gas = (await rpc.receipt(event.tx, signal))?.gasUsed;
    const hashes = old?.hashes ?? [];
    await store.putAnchor({
      batch: goal.id,
      chainId,
      contract: goal.contract,
      status,
      nonce: old?.nonce ?? null,
      rawTx: old?.rawTx ?? null,
      hashes: hashes.includes(event.tx) ? hashes : [...hashes, event.tx],
      block: event.block,
      gas: gas ? BigInt(gas).toString() : null,
    });
    return { status, event };
  }

  /** Whether the kept transaction can still be taken: ours, for this contract, its nonce unused and without a gap below. */
  async #usable(goal: Goal<Found>, row: AnchorRow, used: number): Promise<boolean> {
    if (row.rawTx === null || row.nonce === null || row.nonce < used) return false;
    const { signer, chainId } = this.#options;
    const { from, to } = endsOf(row.rawTx);
    if (!sameAddress(from, signer.address) || !sameAddress(to!, goal.contract) || row.chainId !== chainId) return false;
    return await this.#nonces.reaches(row.nonce, used);
  }

  async #known(row: AnchorRow, signal?: AbortSignal): Promise<boolean> {
    for (const hash of row.hashes)
      if ((await this.#options.rpc.send<unknown>('eth_getTransactionByHash', [hash], signal)) !== null) return true;
    return false;
  }

  /** Signs and keeps a transaction; nothing is sent. */
  async #prepare(goal: Goal<Found>, old: AnchorRow | undefined, signal?: AbortSignal): Promise<AnchorRow> {
    const { rpc, chainId, signer, store } = this.#options;
    const { id, contract } = goal;
    await goal.check(signal);
    const data = goal.data();
    try {
      await rpc.call(contract, data, signer.address, signal);
      const gasLimit = await estimateGas(rpc, { from: signer.address, to: contract, data }, signal);
      const fees = await suggestFees(rpc, this.#ceiling, signal);
      await requireFunds(rpc, signer.address, gasLimit, fees, signal);
      return await this.#nonces.take(await rpc.nonce(signer.address, signal), id, async (nonce) => {
        const tx = await signTransaction(signer, { chainId, nonce, to: contract, data, gasLimit, ...fees });
        const hashes = [...(old?.nonce === nonce ? old.hashes : []), tx.hash];
        const row = { batch: id, chainId, contract, nonce, rawTx: tx.raw, hashes, block: null, gas: null };
        const status = old?.status === 'reorged' ? 'reorged' : 'pending';
        await store.putAnchor({ ...row, status });
        return { ...row, status };
      });
    } catch (error) {
      throw goal.refusal(error);
    }
  }

  async #broadcast(row: AnchorRow, used: number, signal?: AbortSignal): Promise<Waiting> {
    await this.#clear(row, used, signal);
    const answer = await this.#send(row.rawTx!, signal).catch(async (error) => {
      // It may have arrived: only the chain knows.
      await this.#save(row, 'ambiguous');
      throw error;
    });
    if (answer === 'taken') return await this.#save(row, 'submitted');
    if (answer === 'occupied' && !this.#stuck(row)) return await this.#save(row, 'ambiguous');
    const dearer = await this.#payMore(row, signal);
    if (!dearer) throw new BridgeError('chain.pending', 'the chain asks for a higher fee than the ceiling allows');
    await this.#send(dearer.rawTx!, signal);
    return await this.#save(dearer, 'submitted');
  }

  /**
   * Sends again what comes before. Nobody may be left who brings it, so that it pays more from here when it has to: else
   * it would hold up everything after it.
   */
  async #clear(row: AnchorRow, used: number, signal?: AbortSignal): Promise<void> {
    for (const lower of await this.#nonces.below(row.nonce!, used)) {
      const answer = await this.#send(lower.rawTx, signal);
      if (answer === 'occupied' || (answer === 'taken' && !this.#stuck(lower))) continue;
      const dearer = await this.#payMore(lower, signal);
      if (dearer) await this.#send(dearer.rawTx!, signal);
    }
  }

  /** `occupied`: another transaction has the nonce, by now or in the node's queue; `underpaid`: the base fee has risen. */
  async #send(rawTx: string, signal?: AbortSignal): Promise<'taken' | 'occupied' | 'underpaid'> {
    try {
      await this.#options.rpc.send<string>('eth_sendRawTransaction', [rawTx], signal);
      return 'taken';
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      if (/already (known|imported|exists)|known transaction/i.test(error.message)) return 'taken';
      if (/nonce (is )?too low|replacement/i.test(error.message)) return 'occupied';
      if (/underpriced|base fee|fee cap|fee too low/i.test(error.message)) return 'underpaid';
      if (/insufficient funds/i.test(error.message)) throw noFunds();
      throw new BridgeError('chain.unreachable', 'the node did not take the transaction');
    }
  }

  /** The node has the transaction: waits, or pays more when it has waited too long. */
  async #watch(row: AnchorRow, used: number, signal?: AbortSignal): Promise<Waiting> {
    if (!this.#stuck(row)) return await this.#save(row, 'submitted');
    await this.#clear(row, used, signal);
    const dearer = await this.#payMore(row, signal);
    if (dearer) await this.#send(dearer.rawTx!, signal);
    return await this.#save(dearer ?? row, 'submitted');
  }

  /** Whether a goal has waited too long since this process first saw it wait, or since it last paid more. */
  #stuck(row: AnchorRow): boolean {
    const since = this.#waiting.get(row.batch);
    if (since === undefined) this.#waiting.set(row.batch, Date.now());
    return since !== undefined && Date.now() - since >= (this.#options.stuckMs ?? 60_000);
  }

  /** The same transaction with higher fees, kept; null at the ceiling. */
  async #payMore(row: AnchorRow, signal?: AbortSignal): Promise<AnchorRow | null> {
    const { rpc, chainId, signer, store } = this.#options;
    const old = Transaction.from(row.rawTx!);
    const paid = { maxFeePerGas: old.maxFeePerGas!, maxPriorityFeePerGas: old.maxPriorityFeePerGas! };
    const fees = bump(paid, await suggestFees(rpc, this.#ceiling, signal), this.#ceiling);
    if (!fees) return null;
    const { nonce, data, gasLimit } = old;
    const tx = await signTransaction(signer, { chainId, nonce, to: row.contract, data, gasLimit, ...fees });
    const dearer: AnchorRow = { ...row, rawTx: tx.raw, hashes: [...row.hashes, tx.hash] };
    await store.putAnchor(dearer);
    this.#waiting.set(row.batch, Date.now());
    return dearer;
  }

  async #save(row: AnchorRow, status: AnchorStatus): Promise<Waiting> {
    const current = await this.#options.store.anchor(row.batch);
    if (current?.status !== status) await this.#options.store.putAnchor({ ...row, status });
    return { status, event: null };
  }

  get #ceiling(): bigint {
    return this.#options.maxFeePerGas ?? DEFAULT_CEILING;
  }
}

function noFunds(): BridgeError {
  return new BridgeError('chain.no-funds', "the signer's account cannot pay for the transaction");
}
