/** Keeps anchor rows in memory, through JSON as a database would. */
import type { AnchorRow, AnchorTable } from '../../core/journal/types.ts';

export class MemoryAnchors implements AnchorTable {
  readonly rows = new Map<string, string>();

  async putAnchor(row: AnchorRow): Promise<void> {
    this.rows.set(row.batch, JSON.stringify(row));
  }

  async anchor(batch: string): Promise<AnchorRow | undefined> {
    const row = this.rows.get(batch);
    return row === undefined ? undefined : (JSON.parse(row) as AnchorRow);
  }

  async anchors({ chainId, statuses }: Parameters<AnchorTable['anchors']>[0] = {}): Promise<AnchorRow[]> {
    const rows = [...this.rows.values()].map((text) => JSON.parse(text) as AnchorRow);
    return rows.filter((row) => (!chainId || row.chainId === chainId) && (!statuses || statuses.includes(row.status)));
  }
}
