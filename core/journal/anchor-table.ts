/** Transactions of batches: kept before they are sent, so that the same one can be sent again. */
import { failpoint } from '../failpoint.ts';
import type { AnchorStatus } from '../types.ts';
import { type Store, where } from './store.ts';
import { setItems } from './street-steps.ts';
import type { AnchorRow, AnchorTable } from './types.ts';

interface Columns {
  batch: string;
  chain_id: string;
  contract: string;
  status: AnchorStatus;
  nonce: number | null;
  raw_tx: string | null;
  hashes: string;
  block_number: number | null;
  block_hash: string | null;
  gas: string | null;
}

export function anchorTable(store: Store): AnchorTable {
  return {
    async putAnchor(row) {
      store.transaction(() => {
        store.insert(
          'anchor',
          {
            batch: row.batch,
            chain_id: row.chainId,
            contract: row.contract,
            status: row.status,
            nonce: row.nonce,
            raw_tx: row.rawTx,
            hashes: JSON.stringify(row.hashes),
            block_number: row.block?.number ?? null,
            block_hash: row.block?.hash ?? null,
            gas: row.gas,
          },
          'OR REPLACE',
        );
        setItems(store, row.batch, 'anchor', row.status);
      });
      failpoint('anchor.kept');
    },

    async anchor(batch) {
      const row = store.get<Columns>('SELECT * FROM anchor WHERE batch = ?', batch);
      return row && anchorRow(row);
    },

    async anchors({ chainId, statuses } = {}) {
      const { sql, values } = where({ chain_id: chainId });
      const among = statuses ? `${sql ? 'AND' : 'WHERE'} status IN (${statuses.map(() => '?').join(', ')})` : '';
      return store
        .all<Columns>(`SELECT * FROM anchor ${sql} ${among} ORDER BY nonce`, ...values, ...(statuses ?? []))
        .map(anchorRow);
    },
  };
}

function anchorRow(row: Columns): AnchorRow {
  return {
    batch: row.batch,
    chainId: row.chain_id,
    contract: row.contract,
    status: row.status,
    nonce: row.nonce,
    rawTx: row.raw_tx,
    hashes: JSON.parse(row.hashes) as string[],
    block: row.block_hash === null ? null : { number: row.block_number!, hash: row.block_hash },
    gas: row.gas,
  };
}
