/**
 * What every kind of source owes to the bridge, as tests. A connector plugs in with a fixture: a small real source
 * of its kind. Called from a test file.
 */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BridgeError } from '../core/errors.ts';
import type {
  Checkpoint,
  Connector,
  ConnectorContext,
  ReadLimits,
  RefusedItem,
  Source,
  SourceItem,
} from '../core/types.ts';
import { testContext } from './testing/context.ts';
import { readInChild } from './testing/memory.ts';

export interface Fixture {
  /** As the config file has it, JSON-serialisable. */
  readonly config: Record<string, unknown>;
  /** Default: a context without inbox. */
  readonly context?: ConnectorContext;
  /** Source keys of all items, in any order. At least four. */
  readonly keys: readonly string[];
  /** A config of the same kind whose source cannot be reached. */
  readonly unreachable: Record<string, unknown>;
  /** Items that a resumed read may give again; default none. */
  readonly overlap?: number;
  /** Adds one item and returns its source key. */
  grow(): Promise<string>;
  /** Places content of our choice where the connector reads, with memory of its own for large ones. */
  offer?(name: string, chunks: Iterable<Uint8Array>): Promise<void>;
  /** Anything that shows whether the source was touched. */
  state?(): Promise<unknown>;
  close(): Promise<void>;
}

export interface Traits {
  /** Items come out of the inbox: reading does not meet the source. */
  readonly pushed?: boolean;
  /** The fixture has `offer`. */
  readonly offers?: boolean;
}

type Entry = SourceItem | RefusedItem;
// biome-ignore lint/suspicious/noExplicitAny: config and cursor are the connector's own
type AnyConnector = Connector<any, any>;

const LIMITS: ReadLimits = { items: 1000, bytes: 1e8, itemBytes: 1_048_576 };
const MANY_ROUNDS = 500;
const ZEROS = 200_000_000;
/** A connector may hold a few windows and one item, not the source; the collector leaves garbage up to some 70 MB. */
const MEMORY_BYTES = 100_000_000;

export function conformance(
  name: string,
  connector: AnyConnector,
  make: () => Promise<Fixture>,
  { pushed = false, offers = false }: Traits = {},
): void {
  describe(`${name}: conformance`, () => {
    let fixture: Fixture;
    const sources: Source<unknown>[] = [];

    beforeEach(async () => {
      fixture = await make();
    });
    afterEach(async () => {
      for (const source of sources.splice(0)) await source.close();
      await fixture.close();
    });

    const open = (config: Record<string, unknown> = fixture.config): Source<unknown> => {
      const source = connector.open(connector.config.parse(config), fixture.context ?? testContext());
      sources.push(source);
      return source;
    };

    /** Reads until nothing comes, with a fresh source for each round: what a worker does that is killed each time. */
    const readAll = async (limits: Partial<ReadLimits> = {}, from: unknown = null) => {
      const entries: Entry[] = [];
      let cursor = from;
      for (let round = 0; ; round++) {
        if (round > MANY_ROUNDS) throw new Error('the source never ends');
        const read = await readOnce(open(), cursor, { ...LIMITS, ...limits });
        cursor = read.cursor;
        entries.push(...read.entries);
        if (read.entries.length === 0) return { entries, cursor };
      }
    };

    it('describes every field of its config', () => {
      const json = z.toJSONSchema(connector.config, { io: 'input' });
      expect(undescribed(json)).toEqual([]);
      expect(connector.config.parse(fixture.config)).toMatchObject({ kind: connector.kind });
      expect(connector.config.safeParse({ ...fixture.config, unknownKey: 1 }).success).toBe(false);
    });

    it('check passes, moves nothing, and does not throw where nothing answers', async () => {
      const before = await fixture.state?.();
      const steps = await open().check(new AbortController().signal);
      expect(steps.length).toBeGreaterThan(0);
      expect(steps.filter(({ status }) => status === 'fail')).toEqual([]);
      expect(await fixture.state?.()).toEqual(before);
      const failed = await open(fixture.unreachable).check(new AbortController().signal);
      expect(failed.map(({ status }) => status)).toContain('fail');
    });

    if (!pushed) {
      it('reading what cannot be reached is a BridgeError of the reading stage', async () => {
        const error = await readOnce(open(fixture.unreachable), null, LIMITS).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(BridgeError);
        expect((error as BridgeError).stage).toBe('read');
      });
    }

    it('reads every item once, then a checkpoint that covers it', async () => {
      const { entries, cursor } = await readAll();
      expect(keysOf(entries)).toEqual([...fixture.keys].sort());
      for (const entry of entries) {
        expect(entry).toMatchObject({ type: 'item', kind: connector.kind });
        expect(new Date(entry.receivedAt).toISOString()).toBe(entry.receivedAt);
      }
      expect((await readOnce(open(), cursor, LIMITS)).entries).toEqual([]);
    });

    it('gives the same keys and bytes when it is read again', async () => {
      const [first, second] = [await readAll(), await readAll()];
      expect(second.entries.map(content)).toEqual(first.entries.map(content));
    });

    it.each([1, 2, 3])('loses and repeats nothing when it resumes after every %i items', async (items) => {
      const { entries } = await readAll({ items });
      expect(new Set(keysOf(entries))).toEqual(new Set(fixture.keys));
      const rounds = Math.ceil(fixture.keys.length / items);
      expect(entries.length - fixture.keys.length).toBeLessThanOrEqual(rounds * (fixture.overlap ?? 0));
    });

    it('goes on from its own checkpoints, and sees what was added between them', async () => {
      const source = open();
      const keys: string[] = [];
      let cursor: unknown = null;
      let late: string | null = null;
      for (let read = await readOnce(source, cursor, { ...LIMITS, items: 1 }); read.entries.length > 0; ) {
        keys.push(...keysOf(read.entries));
        late ??= await fixture.grow();
        cursor = read.cursor;
        read = await readOnce(source, cursor, { ...LIMITS, items: 1 });
      }
      expect([...new Set(keys)].sort()).toEqual([...fixture.keys, late].sort());
      expect(keys.length).toBeLessThanOrEqual((fixture.keys.length + 1) * (1 + (fixture.overlap ?? 0)));
    });

    it('stops at the limits, with a checkpoint', async () => {
      const overlap = fixture.overlap ?? 0;
      expect((await readOnce(open(), null, { ...LIMITS, items: 2 })).entries.length).toBeLessThanOrEqual(2 + overlap);
      expect((await readOnce(open(), null, { ...LIMITS, bytes: 1 })).entries.length).toBeLessThanOrEqual(1 + overlap);
    });

    it('reads what is added later', async () => {
      const { cursor } = await readAll();
      const key = await fixture.grow();
      const { entries } = await readAll({}, cursor);
      expect(keysOf(entries)).toContain(key);
      expect(entries.length).toBeLessThanOrEqual(1 + (fixture.overlap ?? 0));
    });

    it('stops at once when it is told to, keeps nothing open, and can be read again', async () => {
      await readAll();
      const before = openFiles();
      for (const stop of [abortAtFirst, leaveAtFirst, abortBefore]) expect(await stop(open())).toBeLessThanOrEqual(1);
      for (const source of sources.splice(0)) await source.close();
      for (let wait = 0; openFiles() > before && wait < 100; wait++) await sleep(20);
      expect(openFiles()).toBeLessThanOrEqual(before);
      expect((await readAll()).entries).toHaveLength(fixture.keys.length);
    });

    it('may be closed twice, and before it was read', async () => {
      const source = open();
      await source.close();
      await source.close();
    });

    if (!offers) return;

    it('accounts for bad content and reads the rest', async () => {
      for (const [index, bytes] of BAD.entries()) {
        const before = await readAll();
        await fixture.offer!(`bad-${index}`, [bytes]);
        const after = await readAll();
        expect(after.entries.length, `bad content ${index} left no trace`).toBeGreaterThan(before.entries.length);
        expect(keysOf(after.entries)).toEqual(expect.arrayContaining([...fixture.keys]));
      }
    });

    it('reads past 200 MB of zeros with little memory', async () => {
      await fixture.offer!('zeros', zeros());
      const { keys, refused, grown } = await readInChild(connector.kind, fixture.config, LIMITS);
      expect(keys).toEqual(expect.arrayContaining([...fixture.keys]));
      expect(refused).toBeGreaterThan(0);
      expect(grown).toBeLessThan(MEMORY_BYTES);
    });
  });
}

/** Empty, random, the beginning of each format, and each format where another is expected. */
const BAD: readonly Uint8Array[] = [
  new Uint8Array(),
  Uint8Array.from({ length: 5000 }, (_, index) => (index * index * 31 + (index >> 3)) & 0xff),
  Buffer.from('<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.'),
  Buffer.from('{"resourceType":"Patient","id":'),
  Buffer.from('MSH|^~\\&|HIS|'),
  Buffer.from('"never closed,1,2\n'),
  Buffer.concat([Buffer.alloc(128), Buffer.from('DICM')]),
];

function* zeros(): Generator<Uint8Array> {
  const chunk = new Uint8Array(1_000_000);
  for (let written = 0; written < ZEROS; written += chunk.length) yield chunk;
}

async function readOnce(source: Source<unknown>, cursor: unknown, limits: ReadLimits) {
  const read = await Array.fromAsync(source.read(cursor, limits, new AbortController().signal));
  const last = read.at(-1) as Checkpoint | undefined;
  if (last?.type !== 'checkpoint') throw new Error('a read ends with a checkpoint');
  const json = JSON.stringify(last.cursor);
  expect(JSON.parse(json)).toEqual(last.cursor);
  return {
    entries: read.filter((part): part is Entry => part.type !== 'checkpoint'),
    cursor: JSON.parse(json) as unknown,
  };
}

function keysOf(entries: readonly Entry[]): string[] {
  return entries.map(({ sourceKey }) => sourceKey).sort();
}

function content(entry: Entry): unknown {
  const { sourceKey, kind } = entry;
  const body = entry.type === 'item' ? [entry.charset, entry.bytes] : [entry.code, entry.size, entry.head];
  return [
    sourceKey,
    kind,
    ...body.map((part) => (part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part)),
  ];
}

type Stop = (source: Source<unknown>) => Promise<number>;

const abortAtFirst: Stop = async (source) => {
  const abort = new AbortController();
  return countEntries(source, abort.signal, () => abort.abort());
};

const leaveAtFirst: Stop = async (source) => {
  for await (const _ of source.read(null, LIMITS, new AbortController().signal)) return 1;
  return 0;
};

const abortBefore: Stop = async (source) => {
  const count = await countEntries(source, AbortSignal.abort(), () => {});
  expect(count).toBe(0);
  return count;
};

/** Entries until the read ends, by itself or by its abort. */
async function countEntries(source: Source<unknown>, signal: AbortSignal, each: () => void): Promise<number> {
  let count = 0;
  try {
    for await (const part of source.read(null, LIMITS, signal)) {
      if (part.type !== 'checkpoint') count++;
      each();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return count;
}

/** Files and sockets of this process (Linux); elsewhere nothing is counted. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

interface JsonSchema {
  description?: string;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
}

/** Places of a JSON Schema without a description. */
function undescribed(schema: unknown, place = ''): string[] {
  const { properties = {}, items, anyOf = [] } = schema as JsonSchema;
  const inner = Object.entries(properties).flatMap(([key, field]) => [
    ...(field.description ? [] : [`${place}.${key}`]),
    ...undescribed(field, `${place}.${key}`),
  ]);
  return [...inner, ...[...(items ? [items] : []), ...anyOf].flatMap((part) => undescribed(part, place))];
}
