/**
 * A table of a real server under a made-up clock, against a model: rows come with equal times, are committed late, are
 * changed and deleted, the clock steps both ways, readers are killed and resumed. What was there for a whole round has
 * been handed over; nothing twice, unless the clock stepped.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Checkpoint, ReadLimits } from '../../../core/types.ts';
import { tableConfig } from '../config.ts';
import { hasDatabase, startDatabase, type TestDatabase } from '../testing/databases.ts';
import type { SqlConfig } from './config.ts';
import type { SqlCursor } from './cursor.ts';
import { loadDriver } from './load.ts';
import { stampText } from './scale.ts';
import { sqlSource } from './source.ts';
import { openView, type View } from './view.ts';

const OVERLAP_S = 10;
/** Times are cut to seconds, and that second belongs to the delay. */
const MOST_DELAY_S = OVERLAP_S - 1;
const START_MS = Date.UTC(2026, 0, 5, 1, 30);

type Action =
  | { readonly do: 'write'; readonly id: number; readonly delay: number }
  | { readonly do: 'delete'; readonly id: number }
  | { readonly do: 'wait'; readonly seconds: number }
  | { readonly do: 'step'; readonly seconds: number }
  | { readonly do: 'read'; readonly items: number; readonly saved: boolean };

const id = fc.integer({ min: 1, max: 12 });
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), id, delay: fc.nat({ max: MOST_DELAY_S }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), id }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.nat({ max: 15 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('step' as const), seconds: fc.integer({ min: -90, max: 90 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      items: fc.integer({ min: 1, max: 6 }),
      saved: fc.boolean(),
    }),
  },
);

interface Version {
  readonly text: string;
  /** Action numbers. */
  readonly from: number;
  until: number;
}

class Model {
  readonly versions: Version[] = [];
  readonly delivered: string[] = [];
  steps = 0;
  #real = START_MS;
  #offset = 0;
  #action = 0;
  #next = 0;
  #pending: { at: number; id: number; stamp: string; text: string }[] = [];
  readonly #visible = new Map<number, Version>();
  #cursor: SqlCursor | null = null;
  #roundFrom = 0;
  #mayStep = false;
  readonly #database: TestDatabase;
  readonly #config: SqlConfig;

  constructor(database: TestDatabase, config: SqlConfig) {
    this.#database = database;
    this.#config = config;
  }

  async run(step: Action): Promise<void> {
    this.#action++;
    if (step.do === 'write') this.#write(step.id, step.delay);
    else if (step.do === 'delete') await this.#delete(step.id);
    else if (step.do === 'wait') this.#real += step.seconds * 1000;
    else if (step.do === 'step') this.#step(step.seconds);
    else await this.#read(step.items, step.saved);
    await this.#commit();
  }

  /** Rounds until nothing comes, as a poll does; then one more, for what was committed behind the first. */
  async drain(): Promise<void> {
    for (const seconds of [OVERLAP_S, 1]) {
      await this.run({ do: 'wait', seconds });
      for (let before = -1; before !== this.delivered.length; ) {
        before = this.delivered.length;
        await this.run({ do: 'read', items: 5, saved: true });
      }
    }
  }

  #write(row: number, delay: number): void {
    const stamp = stampText(Math.floor((this.#real + this.#offset) / 1000) * 1000);
    this.#pending = this.#pending.filter((one) => one.id !== row);
    this.#pending.push({ at: this.#real + delay * 1000, id: row, stamp, text: `v${++this.#next}` });
  }

  async #commit(): Promise<void> {
    for (const one of this.#pending.filter(({ at }) => at <= this.#real)) {
      await this.#database.admin(`DELETE FROM model WHERE id = ${one.id}`);
      await this.#database.admin(`INSERT INTO model VALUES (${one.id}, '${one.stamp}', '${one.text}')`);
      this.#end(one.id);
      const version = { text: one.text, from: this.#action, until: Number.POSITIVE_INFINITY };
      this.#visible.set(one.id, version);
      this.versions.push(version);
    }
    this.#pending = this.#pending.filter(({ at }) => at > this.#real);
  }

  async #delete(row: number): Promise<void> {
    await this.#database.admin(`DELETE FROM model WHERE id = ${row}`);
    this.#end(row);
  }

  #end(row: number): void {
    const version = this.#visible.get(row);
    if (version) version.until = this.#action;
    this.#visible.delete(row);
  }

  /** Once between two rounds: a step there and back in between cannot be seen from outside. */
  #step(seconds: number): void {
    if (!this.#mayStep || seconds === 0) return;
    this.#offset += seconds * 1000;
    this.#mayStep = false;
    this.steps++;
  }

  async #read(items: number, saved: boolean): Promise<void> {
    const isNew = !this.#cursor?.walk;
    const limits: ReadLimits = { items, bytes: 1e9, itemBytes: 1e6 };
    const source = sqlSource(this.#config, 'Asia/Shanghai', () => this.#open());
    const found: string[] = [];
    let cursor = this.#cursor;
    for await (const part of source.read(structuredClone(cursor), limits, new AbortController().signal)) {
      if (part.type === 'checkpoint') cursor = (part as Checkpoint<SqlCursor>).cursor;
      else if (part.type === 'item') found.push(JSON.parse(Buffer.from(part.bytes).toString()).v as string);
      if (!saved && found.length >= items) break;
    }
    await source.close();
    if (!saved) return;
    if (isNew) {
      this.#roundFrom = this.#action;
      this.#mayStep = true;
    }
    this.#cursor = JSON.parse(JSON.stringify(cursor)) as SqlCursor;
    this.delivered.push(...found);
    if (!this.#cursor.walk) this.#expectAllSeen();
  }

  #expectAllSeen(): void {
    const there = this.versions.filter(({ from, until }) => from < this.#roundFrom && until > this.#action);
    expect(this.delivered).toEqual(expect.arrayContaining(there.map(({ text }) => text)));
  }

  async #open(): Promise<View> {
    const view = await openView(await loadDriver(this.#config.driver), this.#config, 'Asia/Shanghai');
    const clock = async () => ({ server: this.#real + this.#offset, own: this.#real });
    return Object.assign(Object.create(view) as View, {
      columns: view.columns,
      scale: view.scale,
      clock,
      page: view.page.bind(view),
      hasUnplaced: async () => false,
      close: () => view.close(),
    });
  }
}

describe.each(['postgres', 'mysql'] as const)('%s', (driver) => {
  describe.skipIf(!hasDatabase[driver])('a changing table', () => {
    let database: TestDatabase;
    beforeAll(async () => {
      database = await startDatabase(driver);
      const time = driver === 'postgres' ? 'timestamp(6)' : 'datetime(6)';
      await database.admin(`CREATE TABLE model (id integer PRIMARY KEY, w ${time}, v varchar(40))`);
    });
    afterAll(() => database?.stop());

    it('loses no version that a round could meet, and doubles none while the clock is steady', async () => {
      const { sql } = tableConfig.parse({
        kind: 'table',
        sql: {
          driver,
          connection: database.reader,
          view: driver === 'postgres' ? 'public.model' : 'lis.model',
          key: ['id'],
          watermark: 'w',
          overlapSeconds: OVERLAP_S,
          pageRows: 3,
          rowsPerSecond: 1_000_000,
        },
      });
      await fc.assert(
        fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 60, size: 'max' }), async (actions) => {
          await database.admin('DELETE FROM model');
          const model = new Model(database, sql!);
          for (const one of actions) await model.run(one);
          await model.drain();
          const visible = model.versions.filter(({ until }) => until === Number.POSITIVE_INFINITY);
          expect(model.delivered).toEqual(expect.arrayContaining(visible.map(({ text }) => text)));
          for (const text of new Set(model.delivered)) {
            const times = model.delivered.filter((one) => one === text).length;
            expect(times).toBeLessThanOrEqual(1 + model.steps);
          }
        }),
        { numRuns: 150 },
      );
    });
  });
});
