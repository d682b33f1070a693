import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare, type FolderCursor, Ledger, type Placed, place } from './folder-cursor.ts';
import { pathText } from './folder-walk.ts';

/** One round over a folder in memory: lists all, reads at most `most` of the unread files. */
function round(cursor: FolderCursor | null, files: readonly Placed[], most: number) {
  const ledger = new Ledger(cursor);
  for (const file of files) ledger.count(file);
  const unread = ledger.unread();
  const todo = files.filter((file) => unread.has(ledger.runOf(file))).sort(compare);
  const read = todo.slice(0, most);
  const runs = ledger.advance(unread, read, read.at(-1) ?? null);
  return { cursor: JSON.parse(JSON.stringify({ format: 1, runs })) as FolderCursor, read, waiting: todo.length };
}

function file(name: string, ctime: number, size = 1): Placed {
  return place({ path: Buffer.from(name), size, mtimeNs: 5n, ctimeNs: BigInt(ctime) });
}

type Change = { add: [name: string, ctime: number][]; remove: number[]; most: number };

const change: fc.Arbitrary<Change> = fc.record({
  // Few different times: equal ones, and late files that are older than all that was read, are the rule here.
  add: fc.array(fc.tuple(fc.stringMatching(/^[a-f]{1,3}$/), fc.nat(12)), { maxLength: 8 }),
  remove: fc.array(fc.nat(50), { maxLength: 3 }),
  most: fc.integer({ min: 1, max: 6 }),
});

describe('Ledger', () => {
  it('reads every version of every file, whatever is added late, changed or removed between two rounds', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 15 }), (changes) => {
        const folder = new Map<string, Placed>();
        const seen = new Set<bigint>();
        let cursor: FolderCursor | null = null;
        for (const { add, remove, most } of changes) {
          for (const index of remove) folder.delete([...folder.keys()][index] ?? '');
          for (const [name, ctime] of add) folder.set(name, file(name, ctime));
          const done = round(cursor, [...folder.values()], most);
          for (const read of done.read) seen.add(read.print);
          cursor = done.cursor;
        }
        for (let rounds = 0; ; rounds++) {
          expect(rounds).toBeLessThan(500);
          const done = round(cursor, [...folder.values()], 3);
          for (const read of done.read) seen.add(read.print);
          cursor = done.cursor;
          if (done.waiting === 0) break;
        }
        expect([...folder.values()].filter(({ print }) => !seen.has(print))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('reads a growing folder once, in batches of any size, however equal the times', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 60 }), fc.integer({ min: 1, max: 7 }), (times, most) => {
        const files = times.map((time, index) => file(`f${index}`, time));
        const read: bigint[] = [];
        for (let cursor: FolderCursor | null = null; ; ) {
          const done = round(cursor, files, most);
          cursor = done.cursor;
          read.push(...done.read.map(({ print }) => print));
          if (done.read.length === 0) break;
        }
        expect(read).toEqual([...files].sort(compare).map(({ print }) => print));
      }),
    );
  });

  it('stays small, and a late file among many makes only its neighbours be read again', () => {
    const files = Array.from({ length: 50_000 }, (_, index) => file(`folder/message-${index}.hl7`, index));
    let cursor: FolderCursor | null = null;
    for (let done = round(null, files, 1000); done.read.length > 0; done = round(cursor, files, 20_000))
      cursor = done.cursor;
    expect(JSON.stringify(cursor).length).toBeLessThan(50_000);
    const late = file('late.hl7', 25_000);
    const again: Placed[] = [];
    for (
      let done = round(cursor, [...files, late], 7);
      done.read.length > 0;
      done = round(cursor, [...files, late], 7)
    ) {
      cursor = done.cursor;
      again.push(...done.read);
    }
    expect(again).toContainEqual(late);
    expect(again.length).toBeLessThan(250);
    expect(new Set(again.map(({ path }) => path)).size).toBe(again.length);
  });

  it('reads nothing again when the oldest or all files go away', () => {
    const files = Array.from({ length: 1000 }, (_, index) => file(`m${index}`, index));
    const { cursor } = round(null, files, 1000);
    expect(round(cursor, [], 10).waiting).toBe(0);
    expect(round(cursor, files.slice(500), 10).waiting).toBeLessThan(64);
  });
});

describe('pathText', () => {
  it('is one to one for names in any encoding', () => {
    const gbk = Buffer.from('d5c5ceb02e786d6c', 'hex');
    expect(pathText(Buffer.concat([Buffer.from('病案/'), gbk]))).toBe('病案//d5c5ceb02e786d6c');
    const name = fc.array(
      fc.integer({ min: 1, max: 255 }).filter((byte) => byte !== 0x2f),
      { minLength: 1, maxLength: 5 },
    );
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => {
      const [first, ...rest] = names;
      return Buffer.from([...first!, ...rest.flatMap((bytes) => [0x2f, ...bytes])]);
    });
    fc.assert(
      fc.property(path, path, (a, b) => {
        expect(pathText(a) === pathText(b)).toBe(a.equals(b));
      }),
    );
  });
});
