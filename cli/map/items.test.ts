import { expect, test } from 'vitest';
import type { Checkpoint, Source, SourceItem } from '../../core/types.ts';
import { everything } from './items.ts';

const LIMITS = { items: 3, bytes: 1 << 20, itemBytes: 1 << 20 };

/** Gives three rows a read and, like a view with an overlap window, the last two again for ever. */
function overlapping(rows: number): Source {
  return {
    check: async () => [],
    close: async () => {},
    async *read(cursor, limits): AsyncGenerator<SourceItem | Checkpoint> {
      const from = Math.max(0, ((cursor as number | null) ?? 0) - 2);
      const to = Math.min(rows, from + limits.items);
      for (let row = from; row < to; row++)
        yield { type: 'item', sourceKey: `${row}`, kind: 'table', receivedAt: '', bytes: new Uint8Array() };
      yield { type: 'checkpoint', cursor: to };
    },
  };
}

test.each([0, 1, 3, 7])('%i rows of a source that repeats its last ones are given once, and end', async (rows) => {
  const keys: string[] = [];
  for await (const { sourceKey } of everything(overlapping(rows), LIMITS, new AbortController().signal))
    keys.push(sourceKey);
  expect(keys).toEqual(Array.from({ length: rows }, (_, row) => `${row}`));
});
