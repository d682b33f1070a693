/**
 * The nonces of one account, from what the chain has used and what the journal keeps. One nonce is handed out at a
 * time, and always the lowest free one, so that no gap can hold up the transactions after it.
 */
import type { AnchorRow, AnchorTable } from '../../core/journal/types.ts';
import { sameAddress } from './health-index.ts';
import { endsOf } from './transaction.ts';

const OPEN = ['pending', 'submitted', 'ambiguous', 'reorged'] as const;

/** Books over one journal take turns: anchoring and consent may send with the same account. */
const turns = new WeakMap<AnchorTable, Promise<unknown>>();

/** A row that holds a nonce. */
export interface Held extends AnchorRow {
  readonly nonce: number;
  readonly rawTx: string;
}

export class NonceBook {
  readonly #store: AnchorTable;
  readonly #chainId: string;
  readonly #account: string;

  constructor(store: AnchorTable, chainId: string, account: string) {
    this.#store = store;
    this.#chainId = chainId;
    this.#account = account;
  }

  /**
   * Hands the lowest free nonce to `keep`, which has made it durable when it resolves; then the next one may come.
   * @param used transactions of the account that are in blocks
   */
  async take(used: number, batch: string, keep: (nonce: number) => Promise<AnchorRow>): Promise<AnchorRow> {
    const turn = (turns.get(this.#store) ?? Promise.resolve()).then(async () => {
      const taken = new Set((await this.#held()).filter((held) => held.batch !== batch).map((held) => held.nonce));
      let nonce = used;
      while (taken.has(nonce)) nonce++;
      return await keep(nonce);
    });
    turns.set(
      this.#store,
      turn.catch(() => {}),
    );
    return await turn;
  }

  /** Whether all nonces between the used ones and this one are held, so that it can be reached. */
  async reaches(nonce: number, used: number): Promise<boolean> {
    return new Set(await this.#between(used, nonce)).size === nonce - used;
  }

  /** Kept transactions that come before this nonce, lowest first. */
  async below(nonce: number, used: number): Promise<Held[]> {
    const held = (await this.#held()).filter((one) => one.nonce >= used && one.nonce < nonce);
    return held.sort((a, b) => a.nonce - b.nonce);
  }

  async #between(used: number, nonce: number): Promise<number[]> {
    const held = await this.#held();
    return held.map((one) => one.nonce).filter((one) => one >= used && one < nonce);
  }

  async #held(): Promise<Held[]> {
    const rows = await this.#store.anchors({ chainId: this.#chainId, statuses: OPEN });
    return rows.filter(holds).filter((row) => sameAddress(endsOf(row.rawTx).from, this.#account));
  }
}

function holds(row: AnchorRow): row is Held {
  return row.nonce !== null && row.rawTx !== null;
}
