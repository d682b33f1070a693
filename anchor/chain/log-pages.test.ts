import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logPages } from './log-pages.ts';

class Refusal extends Error {}

interface Limits {
  /** Blocks of one question. */
  readonly blocks: number;
  /** Logs of one answer. */
  readonly logs: number;
}

/** A chain whose n-th block has `counts[n]` logs, at a node with limits as hosted ones have them. */
function node(counts: readonly number[], { blocks, logs }: Limits) {
  const asked: number[] = [];
  return {
    asked,
    async ask(from: number, to: number): Promise<string[]> {
      asked.push(to - from + 1);
      if (to - from + 1 > blocks) throw new Refusal('range');
      const page: string[] = [];
      for (let block = from; block <= to; block++)
        for (let n = 0; n < (counts[block] ?? 0); n++) page.push(`${block}.${n}`);
      if (page.length > logs) throw new Refusal('results');
      return page;
    },
    refused: (error: unknown) => error instanceof Refusal,
  };
}

const all = (counts: readonly number[]) =>
  counts.flatMap((count, block) => Array.from({ length: count }, (_, n) => `${block}.${n}`));

async function walk(counts: readonly number[], limits: Limits, to = counts.length - 1) {
  const at = node(counts, limits);
  const pages = await Array.fromAsync(logPages({ from: 0, to, ...at }));
  return { pages, found: pages.flat(), asked: at.asked };
}

describe('a walk in ranges of blocks', () => {
  test('finds every log once and in order, whatever the limits of the node are', async () => {
    const counts = fc.array(fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat({ max: 60 })), {
      minLength: 1,
      maxLength: 400,
    });
    const limits = fc.record({ blocks: fc.integer({ min: 1, max: 500 }), logs: fc.integer({ min: 60, max: 500 }) });
    await fc.assert(
      fc.asyncProperty(counts, limits, async (some, within) => {
        const { found, pages } = await walk(some, within);
        expect(found).toEqual(all(some));
        expect(pages.every((page) => page.length > 0 && page.length <= within.logs)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('an empty stretch of twenty million blocks takes few questions, a limit of 2,000 blocks only so many more', async () => {
    const wide = await walk([], { blocks: Number.POSITIVE_INFINITY, logs: 1 }, 20_000_000);
    expect(wide.asked.length).toBeLessThan(40);
    const blocks = 2_000;
    const narrow = await walk([], { blocks, logs: 1 }, 20_000_000);
    // Half of the limit at worst, and a refusal now and then to see whether it still holds.
    expect(narrow.asked.length).toBeLessThan(2.3 * (20_000_000 / blocks));
  });

  test('a page that was large is followed by smaller ones, so that memory stays a page', async () => {
    const counts = Array.from({ length: 8_000 }, (_, block) => (block < 5_000 ? 0 : 30));
    const { pages, found } = await walk(counts, { blocks: Number.POSITIVE_INFINITY, logs: 10_000 });
    expect(found).toHaveLength(90_000);
    expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(10_000);
    expect(pages.slice(-10).every((page) => page.length <= 4_000)).toBe(true);
  });

  test('a single block that is refused, and an error that is no refusal, end it', async () => {
    await expect(walk([0, 61], { blocks: 10, logs: 60 })).rejects.toThrow('results');
    const broken = { from: 0, to: 9, ask: () => Promise.reject(new Error('no answer')), refused: () => false };
    await expect(Array.fromAsync(logPages(broken))).rejects.toThrow('no answer');
  });
});
