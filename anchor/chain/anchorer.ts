/**
 * Anchors batches with one account. It owns the account's nonces, and it keeps every signed transaction before it is
 * sent, so that after a kill at any line the same transaction goes out again and nothing is anchored twice.
 *
 * Whether a batch is anchored is asked of the contract, never of a transaction: a replaced, repeated, re-mined or
 * long forgotten transaction then makes no difference.
 */
import { Transaction } from 'ethers';
import { BridgeError } from '../../core/errors.ts';
import type { AnchorRow, AnchorTable } from '../../core/journal/types.ts';
import type { AnchorStatus, Batch } from '../../core/types.ts';
import { bump, estimateGas, requireFunds, suggestFees } from './fees.ts';
import { type Finality, isFinal } from './finality.ts';
import {
  type AnchorEvent,
  encodeAnchor,
  findAnchor,
  hasRole,
  manifestDigest,
  refusal,
  revertName,
  sameAddress,
} from './health-index.ts';
import { NonceBook } from './nonce-book.ts';
import { pause } from './pause.ts';
import { type ChainRpc, RpcError, refusedCall } from './rpc.ts';
import { type Signer, signTransaction } from './signer.ts';

export interface AnchorerOptions {
  readonly rpc: ChainRpc;
  /** Decimal string, from the config. */
  readonly chainId: string;
  readonly contract: string;
  readonly signer: Signer;
  /** The journal. */
  readonly store: AnchorTable;
  readonly finality: Finality;
  /** Wei per gas that are never exceeded. Default 1,000 gwei. */
  readonly maxFeePerGas?: bigint;
  /** After this long in no block a transaction is replaced by one that pays more. Default 60 s. */
  readonly stuckMs?: number;
}

export interface BatchToAnchor extends Pick<Batch, 'manifestCid' | 'root' | 'tags'> {
  /** The journal's. */
  readonly id: string;
}

/** What one round found or did. `event` is there when the status is `included` or `final`. */
export interface AnchorState {
  readonly status: AnchorStatus;
  readonly event: AnchorEvent | null;
}

const DEFAULT_CEILING = 1_000_000_000_000n;

export class Anchorer {
  readonly #options: AnchorerOptions;
  readonly #nonces: NonceBook;
  /** Since when a batch waits for a block, as far as this process knows. */
  readonly #waiting = new Map<string, number>();

  constructor(options: AnchorerOptions) {
    this.#options = options;
    this.#nonces = new NonceBook(options.store, options.chainId, options.signer.address);
  }

  /**
   * Whether this account can anchor at all.
   * @throws BridgeError `chain.wrong-chain`, `chain.no-contract`, `chain.no-role`, `chain.unreachable`
   */
  async check(signal?: AbortSignal): Promise<void> {
    const { rpc, contract, signer } = this.#options;
    await this.#requireChain(signal);
    if (!(await hasRole(rpc, contract, signer.address, signal)))
      throw new BridgeError('chain.no-role', 'the signer is not an admitted hospital');
  }

  /**
   * One round: looks where the batch stands and does what comes next (sign and keep, send, send again, pay more,
   * begin anew after a reorganisation). May be called at any time, any number of times, also for a final batch.
   * @throws BridgeError `chain.*`
   */
  async advance(batch: BatchToAnchor, signal?: AbortSignal): Promise<AnchorState> {
    try {
      return await this.#round(batch, signal);
    } catch (error) {
      throw refusedCall(error);
    }
  }

  async #round(batch: BatchToAnchor, signal?: AbortSignal): Promise<AnchorState> {
    await this.#requireChain(signal);
    // In this order: a nonce that is used up when the anchor is not there was used for something else.
    const used = await this.#options.rpc.nonce(this.#options.signer.address, signal);
    const event = await this.#find(batch, signal);
    let row = await this.#options.store.anchor(batch.id);
    if (event) return await this.#record(batch, row, event, signal);
    if (row && (row.status === 'included' || row.status === 'final')) {
      row = { ...row, status: 'reorged', block: null, gas: null };
      await this.#options.store.putAnchor(row);
    }
    if (!row || !(await this.#usable(row, used))) row = await this.#prepare(batch, row, signal);
    else if (await this.#known(row, signal)) return await this.#watch(row, signal);
    return await this.#broadcast(row, used, signal);
  }

  /**
   * Rounds until the batch is included (or final).
   * @param deadlineMs from now
   * @throws BridgeError `chain.pending` at the deadline; `chain.*` that are permanent at once
   */
  async settle(
    batch: BatchToAnchor,
    wait: { until: 'included' | 'final'; deadlineMs: number; pollMs?: number },
    signal?: AbortSignal,
  ): Promise<AnchorState & { event: AnchorEvent }> {
    const end = Date.now() + wait.deadlineMs;
    for (;;) {
      const { status, event } = await this.#patiently(batch, end, signal);
      if (event && (status === 'final' || wait.until === 'included')) return { status, event };
      if (Date.now() >= end) throw new BridgeError('chain.pending', 'the batch is not yet anchored as deep as asked');
      await pause(wait.pollMs ?? 500, signal);
    }
  }

  /** A round in which a short outage of the node, or a fee above the ceiling, is no end. */
  async #patiently(batch: BatchToAnchor, end: number, signal?: AbortSignal): Promise<AnchorState> {
    try {
      return await this.advance(batch, signal);
    } catch (error) {
      const passing = error instanceof BridgeError && error.kind !== 'permanent';
      if (!passing || Date.now() >= end) throw error;
      return { status: 'ambiguous', event: null };
    }
  }

  async #requireChain(signal?: AbortSignal): Promise<void> {
    if ((await this.#options.rpc.chainId(signal)) !== this.#options.chainId)
      throw new BridgeError('chain.wrong-chain', 'the RPC serves another chain than the config names');
  }

  async #find(batch: BatchToAnchor, signal?: AbortSignal): Promise<AnchorEvent | null> {
    const { rpc, contract, signer } = this.#options;
    const event = await findAnchor(rpc, contract, signer.address, batch.root, signal);
    if (event && event.manifest !== manifestDigest(batch.manifestCid))
      throw new BridgeError('chain.reverted', 'the root was anchored with another manifest');
    return event;
  }

  /** Writes down what the chain says of an anchored batch. */
  async #record(
    batch: BatchToAnchor,
    old: AnchorRow | undefined,
    event: AnchorEvent,
    signal?: AbortSignal,
  ): Promise<AnchorState> {
    const { rpc, chainId, contract, store, finality } = this.#options;
    this.#waiting.delete(batch.id);
    const status = (await isFinal(rpc, event.block.number, finality, signal)) ? 'final' : 'included';
    if (old?.status === status && old.block?.hash === event.block.hash) return { status, event };
    const gas = (await rpc.receipt(event.tx, signal))?.gasUsed;
    const hashes = old?.hashes ?? [];
    await store.putAnchor({
      batch: batch.id,
      chainId,
      contract,
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
  async #usable(row: AnchorRow, used: number): Promise<boolean> {
    if (row.rawTx === null || row.nonce === null || row.nonce < used) return false;
    const { contract, signer, chainId } = this.#options;
    const tx = Transaction.from(row.rawTx);
    if (!sameAddress(tx.from!, signer.address) || !sameAddress(tx.to!, contract) || row.chainId !== chainId)
      return false;
    return await this.#nonces.reaches(row.nonce, used);
  }

  async #known(row: AnchorRow, signal?: AbortSignal): Promise<boolean> {
    for (const hash of row.hashes)
      if ((await this.#options.rpc.send<unknown>('eth_getTransactionByHash', [hash], signal)) !== null) return true;
    return false;
  }

  /** Signs and keeps a transaction; nothing is sent. */
  async #prepare(batch: BatchToAnchor, old: AnchorRow | undefined, signal?: AbortSignal): Promise<AnchorRow> {
    const { rpc, chainId, contract, signer, store } = this.#options;
    await this.check(signal);
    const tags = `0x${batch.tags.join('')}`;
    const data = encodeAnchor({ root: batch.root, manifest: manifestDigest(batch.manifestCid), tags });
    try {
      await rpc.call(contract, data, signer.address, signal);
      const gasLimit = await estimateGas(rpc, { from: signer.address, to: contract, data }, signal);
      const fees = await suggestFees(rpc, this.#ceiling, signal);
      await requireFunds(rpc, signer.address, gasLimit, fees, signal);
      return await this.#nonces.take(await rpc.nonce(signer.address, signal), batch.id, async (nonce) => {
        const tx = await signTransaction(signer, { chainId, nonce, to: contract, data, gasLimit, ...fees });
        const hashes = [...(old?.nonce === nonce ? old.hashes : []), tx.hash];
        const row = { batch: batch.id, chainId, contract, nonce, rawTx: tx.raw, hashes, block: null, gas: null };
        const status = old?.status === 'reorged' ? 'reorged' : 'pending';
        await store.putAnchor({ ...row, status });
        return { ...row, status };
      });
    } catch (error) {
      if (revertName(error) === 'AlreadyAnchored')
        throw new BridgeError('chain.pending', 'the batch was anchored at this very moment; the next round finds it');
      throw refusal(error);
    }
  }

  async #broadcast(row: AnchorRow, used: number, signal?: AbortSignal): Promise<AnchorState> {
    for (const lower of await this.#nonces.below(row.nonce!, used)) await this.#send(lower, signal);
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
      if (/insufficient funds/i.test(error.message)) throw refusal(error);
      throw new BridgeError('chain.unreachable', 'the node did not take the transaction');
    }
  }

  /** The node has the transaction: waits, or pays more when it has waited too long. */
  async #watch(row: AnchorRow, signal?: AbortSignal): Promise<AnchorState> {
    if (!this.#stuck(row)) return await this.#save(row, 'submitted');
    const dearer = await this.#payMore(row, signal);
    if (dearer) await this.#send(dearer.rawTx!, signal);
    return await this.#save(dearer ?? row, 'submitted');
  }

  /** Whether a batch has waited too long since this process first saw it wait, or since it last paid more. */
  #stuck(row: AnchorRow): boolean {
    const since = this.#waiting.get(row.batch);
    if (since === undefined) this.#waiting.set(row.batch, Date.now());
    return since !== undefined && Date.now() - since >= (this.#options.stuckMs ?? 60_000);
  }

  /** The same transaction with higher fees, kept; null at the ceiling. */
  async #payMore(row: AnchorRow, signal?: AbortSignal): Promise<AnchorRow | null> {
    const { rpc, chainId, contract, signer, store } = this.#options;
    const old = Transaction.from(row.rawTx!);
    const paid = { maxFeePerGas: old.maxFeePerGas!, maxPriorityFeePerGas: old.maxPriorityFeePerGas! };
    const fees = bump(paid, await suggestFees(rpc, this.#ceiling, signal), this.#ceiling);
    if (!fees) return null;
    const { nonce, data, gasLimit } = old;
    const tx = await signTransaction(signer, { chainId, nonce, to: contract, data, gasLimit, ...fees });
    const dearer: AnchorRow = { ...row, rawTx: tx.raw, hashes: [...row.hashes, tx.hash] };
    await store.putAnchor(dearer);
    this.#waiting.set(row.batch, Date.now());
    return dearer;
  }

  async #save(row: AnchorRow, status: AnchorStatus): Promise<AnchorState> {
    const current = await this.#options.store.anchor(row.batch);
    if (current?.status !== status) await this.#options.store.putAnchor({ ...row, status });
    return { status, event: null };
  }

  get #ceiling(): bigint {
    return this.#options.maxFeePerGas ?? DEFAULT_CEILING;
  }
}
