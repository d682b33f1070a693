/** A source whose items are a list in memory or in a JSON file: the smallest connector that keeps the contract. */
import { z } from 'zod';
import type { Checkpoint, Connector, RefusedItem, SourceItem } from '../../core/types.ts';

export interface ListConfig {
  readonly items: readonly ListEntry[];
  /** Told what `settle` was told. */
  readonly settled?: (keys: readonly string[], outcome: string) => void;
}

/** A FHIR resource as text, or an entry that is too large to be read. */
export interface ListEntry {
  readonly key: string;
  readonly body: string;
  readonly size?: number;
}

const at = '2026-03-01T08:00:00.000Z';

export const listConnector: Connector<ListConfig, number> = {
  kind: 'fhir',
  summary: 'Items from a list',
  config: z.custom<ListConfig>(),
  capabilities: { push: false, incremental: true, parts: false },
  open: ({ items, settled }) => ({
    check: async () => [],
    async *read(cursor, limits, signal) {
      let next = cursor ?? 0;
      for (; next < items.length && next < (cursor ?? 0) + limits.items; next++) {
        signal.throwIfAborted();
        yield entryOf(items[next]!, limits.itemBytes);
      }
      yield { type: 'checkpoint', cursor: next } satisfies Checkpoint<number>;
    },
    settle: async (keys, outcome) => settled?.(keys, outcome),
    close: async () => {},
  }),
};

function entryOf({ key, body, size }: ListEntry, most: number): SourceItem | RefusedItem {
  const common = { sourceKey: key, kind: 'fhir', receivedAt: at } as const;
  const bytes = new TextEncoder().encode(body);
  if ((size ?? bytes.length) <= most) return { type: 'item', ...common, bytes };
  const detail = 'larger than limits.itemBytes';
  return { type: 'refused', ...common, size: size!, head: bytes, code: 'source.too-large', detail };
}
