/** Microsoft SQL Server 2016 and later, by `mssql`, which is installed where it is needed. */
import { readFileSync } from 'node:fs';
import { readSecret } from '../../../../core/config/fields.ts';
import type { Cell, Dialect, Driver, Failure, Family, Session } from '../driver.ts';
import { importClient } from '../load.ts';
import { cellOf } from './cell.ts';

/** What is used of `mssql`. */
interface Pool {
  connect(): Promise<Pool>;
  request(): Request;
  close(): Promise<void>;
}
interface Request {
  arrayRowMode: boolean;
  input(name: string, type: unknown, value: string): Request;
  query(sql: string): Promise<{ recordset: unknown[][] }>;
}
interface Client {
  ConnectionPool: new (options: object) => Pool;
  NVarChar(length: number): unknown;
}

const FAMILIES: Readonly<Record<string, Family>> = {
  tinyint: 'integer',
  smallint: 'integer',
  int: 'integer',
  bigint: 'integer',
  decimal: 'decimal',
  numeric: 'decimal',
  money: 'decimal',
  smallmoney: 'decimal',
  real: 'float',
  float: 'float',
  date: 'date',
  datetime: 'time',
  datetime2: 'time',
  smalldatetime: 'time',
  datetimeoffset: 'instant',
};

/** CONVERT styles: 121 ODBC canonical, 3 lossless float, 2 hex without prefix, 127 ISO 8601. */
const dialect: Dialect = {
  quote: (name) => `[${name.replaceAll(']', ']]')}]`,
  param: (n) => `@p${n}`,
  value({ family }, name) {
    if (family === 'binary' || family === 'text') return name;
    if (family === 'float') return `CONVERT(nvarchar(64), ${name}, 3)`;
    if (family === 'time' || family === 'instant' || family === 'date') return `CONVERT(nvarchar(64), ${name}, 121)`;
    return `CONVERT(nvarchar(max), ${name})`;
  },
  raw: (column, name) =>
    column.family === 'text' && !column.type.startsWith('n')
      ? `CONVERT(varbinary(max), ${name})`
      : dialect.value(column, name),
  size: (_column, name) => `CAST(DATALENGTH(${name}) AS bigint)`,
  stamp: ({ family }, name) =>
    family === 'instant'
      ? `CONVERT(nvarchar(27), CAST(SWITCHOFFSET(${name}, 0) AS datetime2(7)), 121)`
      : `CONVERT(nvarchar(27), CAST(${name} AS datetime2(7)), 121)`,
  fromStamp: ({ family }, param) =>
    family === 'instant'
      ? `TODATETIMEOFFSET(CONVERT(datetime2(7), ${param}, 121), 0)`
      : `CONVERT(datetime2(7), ${param}, 121)`,
  fromKey({ family, type }, param) {
    if (family === 'binary') return `CONVERT(varbinary(900), ${param}, 2)`;
    if (family === 'time' || family === 'instant' || family === 'date') return `CONVERT(${type}, ${param}, 121)`;
    return `CAST(${param} AS ${type})`;
  },
  limit: (query, rows) => query.replace(/^SELECT /, `SELECT TOP (${rows}) `),
  now: 'SELECT CONVERT(nvarchar(27), SYSUTCDATETIME(), 121)',
  columns: (view) => ({
    sql: `SELECT c.name, CASE
        WHEN t.name IN ('varchar', 'char', 'varbinary', 'binary')
          THEN CONCAT(t.name, '(', IIF(c.max_length = -1, 'max', CAST(c.max_length AS varchar(8))), ')')
        WHEN t.name IN ('nvarchar', 'nchar')
          THEN CONCAT(t.name, '(', IIF(c.max_length = -1, 'max', CAST(c.max_length / 2 AS varchar(8))), ')')
        WHEN t.name IN ('decimal', 'numeric') THEN CONCAT(t.name, '(', c.precision, ',', c.scale, ')')
        WHEN t.name IN ('datetime2', 'datetimeoffset') THEN CONCAT(t.name, '(', c.scale, ')')
        ELSE t.name END, t.name
      FROM sys.columns c JOIN sys.types t ON t.user_type_id = c.system_type_id
      WHERE c.object_id = OBJECT_ID(@p1) ORDER BY c.column_id`,
    params: [view.parts.map(dialect.quote).join('.')],
  }),
  column: ([name, type, base]) => ({
    name: String(name),
    type: String(type),
    family: familyOf(String(base)),
    large: /max|text|image|xml|\(\d{4,}\)/.test(String(type)),
  }),
  views: `SELECT s.name, o.name, (SELECT SUM(p.rows) FROM sys.partitions p WHERE p.object_id = o.object_id AND p.index_id < 2)
    FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id WHERE o.type IN ('U', 'V')
    AND HAS_PERMS_BY_NAME(QUOTENAME(s.name) + '.' + QUOTENAME(o.name), 'OBJECT', 'SELECT') = 1 ORDER BY 1, 2`,
  leading: (view) => ({
    sql: `SELECT COL_NAME(object_id, column_id) FROM sys.index_columns
      WHERE object_id = OBJECT_ID(@p1) AND key_ordinal = 1`,
    params: [view.parts.map(dialect.quote).join('.')],
  }),
  rights: (view) => ({
    sql: `SELECT STUFF((SELECT ', ' + permission_name FROM fn_my_permissions(@p1, 'OBJECT') WHERE subentity_name = ''
      AND permission_name NOT IN ('SELECT', 'VIEW DEFINITION', 'REFERENCES') FOR XML PATH('')), 1, 2, '')`,
    params: [view.parts.map(dialect.quote).join('.')],
  }),
};

export const driver: Driver = {
  dialect,
  port: 1433,
  async connect(config) {
    const { connection, statementTimeoutSeconds } = config;
    const client = await importClient<Client>('mssql');
    const pool = new client.ConnectionPool({
      server: connection.host,
      port: connection.port ?? 1433,
      database: connection.database,
      user: connection.user,
      password: readSecret(connection.password),
      connectionTimeout: connection.connectTimeoutSeconds * 1000,
      requestTimeout: statementTimeoutSeconds * 1000,
      pool: { max: 1, min: 0 },
      options: {
        encrypt: connection.tls.mode !== 'off',
        trustServerCertificate: connection.tls.mode !== 'verify',
        // The account's rights are what keeps the session from writing; SQL Server has no read-only transaction.
        readOnlyIntent: true,
        ...(connection.tls.ca ? { cryptoCredentialsDetails: { ca: readFileSync(connection.tls.ca, 'utf8') } } : {}),
      },
    });
    await pool.connect();
    return new SqlServerSession(client, pool);
  },
  failure: (error) => failureOf(error as { code?: string; number?: number }),
};

class SqlServerSession implements Session {
  readonly #client: Client;
  readonly #pool: Pool;

  constructor(client: Client, pool: Pool) {
    this.#client = client;
    this.#pool = pool;
  }

  async run(sql: string, params: readonly string[]): Promise<Cell[][]> {
    const request = this.#pool.request();
    request.arrayRowMode = true;
    for (const [index, value] of params.entries()) request.input(`p${index + 1}`, this.#client.NVarChar(4000), value);
    const { recordset } = await request.query(sql);
    return recordset.map((row) => row.map(cellOf));
  }

  async close(): Promise<void> {
    await this.#pool.close().catch(() => {});
  }
}

function familyOf(base: string): Family {
  if (/char|text|sysname/.test(base)) return 'text';
  if (/binary|image|timestamp|rowversion/.test(base)) return 'binary';
  return FAMILIES[base] ?? 'other';
}

function failureOf({ code = '', number = 0 }: { code?: string; number?: number }): Failure {
  if (code === 'ELOGIN' || number === 229 || number === 18456 || number === 4060) return 'refused';
  if (code === 'ETIMEOUT' || number === 1222) return 'timeout';
  if (number === 1205 || number === 3960) return 'busy';
  if (number === 208 || number === 207) return 'missing';
  return code === 'EREQUEST' ? 'other' : 'unreachable';
}
