import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReadLimits, RefusedItem, SourceItem } from '../../../core/types.ts';
import { testContext } from '../../testing/context.ts';
import { tableConfig } from '../config.ts';
import { table } from '../connector.ts';
import { hasDatabase, startDatabase, type TestDatabase } from '../testing/databases.ts';
import type { SqlCursor } from './cursor.ts';

const LIMITS: ReadLimits = { items: 1000, bytes: 1e8, itemBytes: 100_000 };
const SIGNAL = new AbortController().signal;
/** 张 in GBK, as latin1 shows it. */
const GBK = Buffer.from('d5c5', 'hex');

let database: TestDatabase;

function open(sql: Record<string, unknown>) {
  const config = { driver: database.driver, connection: database.reader, key: ['id'], ...sql };
  return table.open(tableConfig.parse({ kind: 'table', sql: config }), testContext());
}

/** Everything, in rounds of so many. */
async function readAll(sql: Record<string, unknown>, limits: Partial<ReadLimits> = {}) {
  const entries: (SourceItem | RefusedItem)[] = [];
  let cursor: unknown = null;
  for (let found = -1; found !== 0; ) {
    found = 0;
    const source = open(sql);
    for await (const part of source.read(cursor as SqlCursor | null, { ...LIMITS, ...limits }, SIGNAL)) {
      if (part.type === 'checkpoint') cursor = JSON.parse(JSON.stringify(part.cursor));
      else found = entries.push(part);
    }
    await source.close();
  }
  return entries;
}

function rows(entries: readonly (SourceItem | RefusedItem)[]) {
  return entries.map((entry) => (entry.type === 'item' ? JSON.parse(Buffer.from(entry.bytes).toString()) : entry.code));
}

async function stepsOf(sql: Record<string, unknown>) {
  const steps = await open(sql).check(SIGNAL);
  return Object.fromEntries(steps.map(({ name, status, detail }) => [name, `${status}: ${detail}`]));
}

describe.skipIf(!hasDatabase.postgres)('PostgreSQL', () => {
  beforeAll(async () => {
    database = await startDatabase('postgres');
  });
  afterAll(() => database?.stop());
  afterEach(() => database.admin('DROP TABLE IF EXISTS t CASCADE'));
  const view = 'public.t';

  it('keeps every value as the database shows it', async () => {
    await database.admin(`CREATE TABLE t (id bigint, n numeric, d numeric(10, 4), f float8, b boolean, c char(4),
      local timestamp(6), moment timestamptz, day date, raw bytea, empty text, nothing text, j jsonb, "姓名 ""x" text)`);
    await database.admin(`INSERT INTO t VALUES (9007199254740993, 1.50, 0.1000, 0.1, true, 'ab',
      '2026-01-05 09:30:00.000001', '2026-01-05 01:30:00.5+00', '2026-01-05', '\\x00ff', '', NULL, '{"a": 1.50}', '陈𠮷')`);
    expect(rows(await readAll({ view }))).toEqual([
      {
        id: '9007199254740993',
        n: '1.50',
        d: '0.1000',
        f: '0.1',
        b: 't',
        c: 'ab  ',
        local: '2026-01-05 09:30:00.000001',
        moment: '2026-01-05 09:30:00.5+08',
        day: '2026-01-05',
        raw: 'data:;base64,AP8=',
        empty: '',
        nothing: null,
        j: '{"a": 1.50}',
        '姓名 "x': '陈𠮷',
      },
    ]);
  });

  it.each([
    ['timestamptz', `'2026-01-05 09:30:00.123456+08'::timestamptz + i * interval '1 microsecond'`],
    ['date', `'2026-01-05'::date + i`],
    ['bigint', `9007199254740992 + i`],
    ['numeric(30, 0)', `90071992547409920000 + i`],
  ])('walks by a watermark of type %s', async (type, value) => {
    await database.admin(`CREATE TABLE t (id text, w ${type}, PRIMARY KEY (id))`);
    await database.admin(`INSERT INTO t SELECT 'k' || i, ${value} FROM generate_series(1, 60) i`);
    const entries = await readAll({ view, watermark: 'w', pageRows: 4 }, { items: 7 });
    expect(entries.map(({ sourceKey }) => sourceKey).sort()).toEqual(
      Array.from({ length: 60 }, (_, i) => `public.t#k${i + 1}`).sort(),
    );
  });

  it('reads all rows of one place, though the key does not tell them apart', async () => {
    await database.admin('CREATE TABLE t (id integer, w timestamp, v integer)');
    await database.admin(`INSERT INTO t SELECT 1, '2026-01-05', i FROM generate_series(1, 50) i`);
    await database.admin(`INSERT INTO t SELECT 2, '2026-01-05', i FROM generate_series(51, 60) i`);
    const found = rows(await readAll({ view, watermark: 'w', pageRows: 2 }, { items: 3 }));
    expect(found.map(({ v }) => Number(v)).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  });

  it('tells once of rows that have no place, and reads the others', async () => {
    await database.admin('CREATE TABLE t (id integer, w timestamp)');
    await database.admin(`INSERT INTO t VALUES (1, NULL), (NULL, '2026-01-05'), (2, 'infinity'), (3, '2026-01-05')`);
    const entries = await readAll({ view, watermark: 'w' });
    expect(rows(entries)).toEqual([{ id: '3', w: '2026-01-05 00:00:00' }, 'source.unplaced']);
    expect((await stepsOf({ view, watermark: 'w' }))['key and watermark filled']).toMatch(/^fail/);
  });

  it('refuses a row that is too large without fetching it, and reads the rest', async () => {
    await database.admin('CREATE TABLE t (id integer, v text)');
    await database.admin(`INSERT INTO t VALUES (1, repeat('x', 3000000)), (2, 'y')`);
    const [large, small] = await readAll({ view });
    expect(large).toMatchObject({ type: 'refused', code: 'source.too-large', size: 3_000_000 });
    expect((large as RefusedItem).head.length).toBeLessThan(100);
    expect(rows([small!])).toEqual([{ id: '2', v: 'y' }]);
  });

  it('reads a database of bytes by its true character set only, and refuses other bytes row by row', async () => {
    await database.admin(`CREATE DATABASE bytes TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'`);
    const connection = { ...database.reader, database: 'bytes' };
    const sql = { view: 'public.t', connection };
    await fill(
      'bytes',
      `CREATE TABLE t (id integer, v text); GRANT SELECT ON t TO reader;
      INSERT INTO t VALUES (1, convert_from('\\x${GBK.toString('hex')}', 'SQL_ASCII')), (2, convert_from('\\xff31', 'SQL_ASCII'))`,
    );
    await expect(readAll(sql)).rejects.toMatchObject({
      code: 'source.protocol',
      hint: expect.stringContaining('charset'),
    });
    expect(rows(await readAll({ ...sql, charset: 'gb18030' }))).toEqual([{ id: '1', v: '张' }, 'item.charset']);
  });

  it('cannot write, and says when the account could', async () => {
    await database.admin('CREATE TABLE t (id integer NOT NULL, w timestamp NOT NULL)');
    expect(await stepsOf({ view, watermark: 'w' })).toMatchObject({
      auth: expect.stringMatching(/^pass.*without TLS/),
      view: expect.stringMatching(/^pass/),
      'least privilege': 'pass: the account can only read',
      index: expect.stringContaining('no index of its own'),
      'empty query': expect.stringMatching(/^pass/),
    });
    await database.admin('GRANT INSERT ON t TO reader; CREATE INDEX ON t (w)');
    expect(await stepsOf({ view, watermark: 'w' })).toMatchObject({
      'least privilege': expect.stringContaining('warning: the account may also do INSERT'),
      index: 'pass: an index begins with the watermark',
    });
    const { driver } = await import('./drivers/postgres.ts');
    const session = await driver.connect(
      tableConfig.parse({ kind: 'table', sql: { driver: 'postgres', connection: database.reader, view, key: ['id'] } })
        .sql!,
      'UTC',
    );
    await expect(session.run('INSERT INTO t VALUES (1, now())', [])).rejects.toMatchObject({ code: '25006' });
    await session.close();
  });

  it.each([
    ['a wrong password', { connection: { password: 'env' } }, 'auth', 'refuses the account'],
    ['a server without TLS', { connection: { tls: { mode: 'verify' } } }, 'auth', 'no protected connection'],
    ['no such view', { view: 'public.none' }, 'view', 'no such view'],
    ['no such column', { view: 'public.t', watermark: 'none' }, 'view', 'its columns are id, v'],
    ['a watermark that is text', { view: 'public.t', watermark: 'v' }, 'view', 'neither a time nor a whole number'],
  ])('check names %s', async (_name, change, step, text) => {
    process.env.DHC_TEST_WRONG = 'wrong';
    await database.admin('CREATE TABLE t (id integer, v text)');
    const { connection, ...rest } = change as { connection?: Record<string, unknown> };
    const wrong = connection?.password ? { password: '${env:DHC_TEST_WRONG}' } : connection;
    const steps = await stepsOf({ view, ...rest, connection: { ...database.reader, ...wrong } });
    expect(steps[step]).toMatch(/^fail/);
    expect(steps[step]).toContain(text);
  });

  it('stops a query that runs too long, with an error that says what to do', async () => {
    await database.admin(`CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(3)::text AS v`);
    const error = await readAll({ view: 'public.slow', statementTimeoutSeconds: 1 }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'source.unreachable', hint: expect.stringContaining('index') });
    await database.admin('DROP VIEW slow');
  });

  it('lists what the account may read', async () => {
    await database.admin('CREATE TABLE t (id integer, v text)');
    const found = await Array.fromAsync(open({ view }).discover!(SIGNAL));
    expect(found).toContainEqual(expect.objectContaining({ name: 'public.t', detail: 'id integer, v text' }));
  });

  async function fill(name: string, sql: string) {
    const { default: pg } = await import('pg');
    const client = new pg.Client({
      host: '127.0.0.1',
      port: database.port,
      user: 'owner',
      password: 'dhc-test',
      database: name,
    });
    await client.connect();
    await client.query(sql);
    await client.end();
  }
});

describe.skipIf(!hasDatabase.mysql)('MariaDB', () => {
  beforeAll(async () => {
    database = await startDatabase('mysql');
  });
  afterAll(() => database?.stop());
  afterEach(() => database.admin('DROP TABLE IF EXISTS t'));
  const view = 'lis.t';

  it('keeps every value as the database shows it', async () => {
    await database.admin(`SET time_zone = '+08:00'`);
    await database.admin(`CREATE TABLE t (id bigint unsigned, d decimal(10, 4), f double, y bit(4), local datetime(6), moment timestamp(3),
      day date, raw varbinary(9), empty varchar(9), nothing text, g varchar(9) CHARACTER SET gbk, l varchar(9) CHARACTER SET latin1, e enum('男', '女'), \`姓\`\`名\` text)`);
    await database.admin(`INSERT INTO t VALUES (18446744073709551615, 0.1000, 0.1, b'0101', '2026-01-05 09:30:00.000001', '2026-01-05 09:30:00.500',
      '2026-01-05', x'00ff', '', NULL, '张', 'é', '女', '陈𠮷')`);
    expect(rows(await readAll({ view }))).toEqual([
      {
        id: '18446744073709551615',
        d: '0.1000',
        f: '0.1',
        y: '5',
        local: '2026-01-05 09:30:00.000001',
        moment: '2026-01-05 01:30:00.500+00:00',
        day: '2026-01-05',
        raw: 'data:;base64,AP8=',
        empty: '',
        nothing: null,
        g: '张',
        l: 'é',
        e: '女',
        '姓`名': '陈𠮷',
      },
    ]);
  });

  it('reads GBK bytes that lie in a latin1 column, and refuses what is neither', async () => {
    await database.admin('CREATE TABLE t (id integer, v varchar(20) CHARACTER SET latin1)');
    await database.admin('INSERT INTO t VALUES (1, ?), (2, ?)', [GBK, Buffer.of(0xff, 0x31)]);
    expect(rows(await readAll({ view, charset: 'gb18030' }))).toEqual([{ id: '1', v: '张' }, 'item.charset']);
  });

  it.each([
    ['binary(4)', `UNHEX(LPAD(HEX(seq), 8, '0'))`],
    ['varchar(9) COLLATE utf8mb4_general_ci', `CONCAT('k', seq)`],
    ['bigint unsigned', '18446744073709551000 + seq'],
    ['decimal(20, 3)', 'seq / 8'],
    ['timestamp(6)', `'2026-01-05 09:30:00' + INTERVAL seq MICROSECOND`],
  ])('walks by a watermark with ties and a key of type %s', async (type, value) => {
    await database.admin(`SET sql_mode = ''; CREATE TABLE t (id ${type} PRIMARY KEY, w datetime)`);
    await database.admin(`INSERT INTO t SELECT ${value}, '2026-01-05' FROM seq_1_to_60`);
    const entries = await readAll({ view, watermark: 'w', pageRows: 4 }, { items: 7 });
    expect(new Set(entries.map(({ sourceKey }) => sourceKey)).size).toBe(60);
    expect(entries).toHaveLength(60);
  });

  it('tells once of zero dates, and reads the others', async () => {
    await database.admin(`SET sql_mode = ''; CREATE TABLE t (id integer, w datetime)`);
    await database.admin(`INSERT INTO t VALUES (1, '0000-00-00 00:00:00'), (2, '2026-01-05')`);
    expect(rows(await readAll({ view, watermark: 'w' }))).toEqual([
      { id: '2', w: '2026-01-05 00:00:00' },
      'source.unplaced',
    ]);
  });

  it('cannot write, and says when the account could', async () => {
    await database.admin('CREATE TABLE t (id integer NOT NULL, w datetime NOT NULL)');
    expect((await stepsOf({ view, watermark: 'w' }))['least privilege']).toBe('pass: the account can only read');
    await database.admin(`GRANT INSERT ON lis.* TO reader@'127.0.0.1'`);
    expect((await stepsOf({ view, watermark: 'w' }))['least privilege']).toContain('INSERT');
    const { driver } = await import('./drivers/mysql.ts');
    const session = await driver.connect(
      tableConfig.parse({ kind: 'table', sql: { driver: 'mysql', connection: database.reader, view, key: ['id'] } })
        .sql!,
      'UTC',
    );
    await expect(session.run('INSERT INTO t VALUES (1, now())', [])).rejects.toMatchObject({ errno: 1792 });
    await session.close();
  });

  it('stops a query that runs too long', async () => {
    await database.admin(`CREATE TABLE t (id integer); INSERT INTO t SELECT seq FROM seq_1_to_3000`);
    await database.admin(
      'CREATE OR REPLACE VIEW slow AS SELECT COUNT(*) AS id FROM t a, t b, t c WHERE a.id + b.id <> c.id',
    );
    const error = await readAll({ view: 'lis.slow', statementTimeoutSeconds: 1 }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'source.unreachable', hint: expect.stringContaining('index') });
    await database.admin('DROP VIEW slow');
  });
});

describe('a database whose client is not installed', () => {
  it.each(['sqlserver', 'oracle', 'dm'] as const)('%s says how to install it', async (driver) => {
    process.env.DHC_TEST_DB_PASSWORD ??= 'x';
    const connection = {
      host: '127.0.0.1',
      database: 'd',
      user: 'u',
      password: '${env:DHC_TEST_DB_PASSWORD}',
      tls: { mode: 'off' },
    };
    const config = tableConfig.parse({ kind: 'table', sql: { driver, connection, view: 'S.V', key: ['ID'] } });
    const read = Array.fromAsync(table.open(config, testContext()).read(null, LIMITS, SIGNAL));
    await expect(read).rejects.toMatchObject({
      code: 'config.driver',
      hint: expect.stringMatching(/npm install (mssql|oracledb|dmdb)$/),
    });
  });
});
