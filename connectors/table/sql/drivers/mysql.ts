/** MySQL and MariaDB, by `mysql2`. */
import { readFileSync } from 'node:fs';
import mysql from 'mysql2/promise';
import { readSecret } from '../../../../core/config/fields.ts';
import type { SqlConfig } from '../config.ts';
import type { Cell, Dialect, Driver, Failure, Family, Session } from '../driver.ts';
import { cellOf } from './cell.ts';

const STAMP = `'%Y-%m-%d %H:%i:%s.%f'`;

const FAMILIES: Readonly<Record<string, Family>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  year: 'integer',
  decimal: 'decimal',
  float: 'float',
  double: 'float',
  datetime: 'time',
  timestamp: 'instant',
  date: 'date',
};

const dialect: Dialect = {
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,
  param: () => '?',
  value({ family, type }, name) {
    if (family === 'binary') return name;
    if (family === 'text') return `CONVERT(${name} USING utf8mb4)`;
    if (type.startsWith('bit')) return `CAST(${name} + 0 AS CHAR)`;
    // The session's zone is UTC: the offset says so, and no hour is read twice when summer time ends.
    return family === 'instant' ? `CONCAT(CAST(${name} AS CHAR), '+00:00')` : `CAST(${name} AS CHAR)`;
  },
  raw: (column, name) => (column.family === 'text' ? `CAST(${name} AS BINARY)` : dialect.value(column, name)),
  size: (_column, name) => `OCTET_LENGTH(${name})`,
  stamp: (_column, name) => `DATE_FORMAT(${name}, ${STAMP})`,
  fromStamp: ({ family }, param) => (family === 'date' ? `CAST(${param} AS DATE)` : `CAST(${param} AS DATETIME(6))`),
  fromKey({ family, type }, param) {
    if (family === 'binary') return `UNHEX(${param})`;
    if (family === 'integer') return `CAST(${param} AS ${type.includes('unsigned') ? 'UNSIGNED' : 'SIGNED'})`;
    if (family === 'decimal') return `CAST(${param} AS DECIMAL(65, 30))`;
    if (family === 'date') return `CAST(${param} AS DATE)`;
    if (family === 'time') return `CAST(${param} AS DATETIME(6))`;
    return family === 'instant' ? `CAST(REPLACE(${param}, '+00:00', '') AS DATETIME(6))` : param;
  },
  limit: (query, rows) => `${query} LIMIT ${rows}`,
  now: `SELECT DATE_FORMAT(UTC_TIMESTAMP(6), ${STAMP})`,
  columns: ({ name, schema }) => ({
    sql: `SELECT COLUMN_NAME, COLUMN_TYPE, DATA_TYPE FROM information_schema.COLUMNS
      WHERE TABLE_NAME = ? AND TABLE_SCHEMA = IF(? = '', DATABASE(), ?) ORDER BY ORDINAL_POSITION`,
    params: [name, schema, schema],
  }),
  column: ([name, type, base]) => {
    const family = familyOf(String(base).toLowerCase());
    const large = /text|blob|json|geometry|\(\d{4,}\)/i.test(String(type));
    return { name: String(name), type: String(type).toLowerCase(), family, large };
  },
  views: `SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_ROWS FROM information_schema.TABLES
    WHERE TABLE_SCHEMA NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') ORDER BY 1, 2 LIMIT 1000`,
  leading: ({ name, schema }) => ({
    sql: `SELECT COLUMN_NAME FROM information_schema.STATISTICS
      WHERE TABLE_NAME = ? AND TABLE_SCHEMA = IF(? = '', DATABASE(), ?) AND SEQ_IN_INDEX = 1`,
    params: [name, schema, schema],
  }),
  rights: () => ({
    sql: `SELECT GROUP_CONCAT(DISTINCT PRIVILEGE_TYPE) FROM (
        SELECT PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES
        UNION ALL SELECT PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES
        UNION ALL SELECT PRIVILEGE_TYPE FROM information_schema.TABLE_PRIVILEGES) held
      WHERE PRIVILEGE_TYPE NOT IN ('USAGE', 'SELECT', 'SHOW VIEW', 'SHOW DATABASES', 'PROCESS')`,
    params: [],
  }),
};

export const driver: Driver = {
  dialect,
  port: 3306,
  async connect(config) {
    const { connection, statementTimeoutSeconds } = config;
    const client = await mysql.createConnection({
      host: connection.host,
      port: connection.port ?? 3306,
      database: connection.database,
      user: connection.user,
      password: readSecret(connection.password),
      charset: 'utf8mb4_general_ci',
      connectTimeout: connection.connectTimeoutSeconds * 1000,
      rowsAsArray: true,
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
      ...sslOf(connection.tls),
    });
    client.on('error', () => {});
    const session = new MysqlSession(client, statementTimeoutSeconds * 1000 + 5000);
    try {
      await setup(client, statementTimeoutSeconds);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  },
  failure: (error) => failureOf(error as { code?: string; errno?: number }),
};

class MysqlSession implements Session {
  readonly #client: mysql.Connection;
  readonly #timeoutMs: number;

  constructor(client: mysql.Connection, timeoutMs: number) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
  }

  /** Prepared, so that values never become part of the text of a query. */
  async run(sql: string, params: readonly string[]): Promise<Cell[][]> {
    const [rows] = await this.#client.execute({ sql, timeout: this.#timeoutMs, rowsAsArray: true }, [...params]);
    return (rows as unknown[][]).map((row) => row.map(cellOf));
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }
}

async function setup(client: mysql.Connection, timeoutSeconds: number): Promise<void> {
  await client.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY');
  await client.query(`SET time_zone = '+00:00', sql_mode = ''`);
  const [[row]] = (await client.query('SELECT VERSION()')) as unknown as [string[][]];
  // MariaDB counts seconds, MySQL milliseconds.
  const isMaria = row![0]!.includes('MariaDB');
  await client.query(
    isMaria ? `SET max_statement_time = ${timeoutSeconds}` : `SET max_execution_time = ${timeoutSeconds * 1000}`,
  );
}

function familyOf(base: string): Family {
  if (/char|text|enum|set|json/.test(base)) return 'text';
  if (/binary|blob|geometry/.test(base)) return 'binary';
  return FAMILIES[base] ?? 'other';
}

function sslOf({ mode, ca }: SqlConfig['connection']['tls']): Pick<mysql.ConnectionOptions, 'ssl'> {
  if (mode === 'off') return {};
  const verify = mode === 'verify';
  return { ssl: { rejectUnauthorized: verify, verifyIdentity: verify, ...(ca ? { ca: readFileSync(ca) } : {}) } };
}

/** MySQL 8.4 and MariaDB error codes. */
function failureOf({ code = '', errno = 0 }: { code?: string; errno?: number }): Failure {
  if (errno === 1044 || errno === 1045 || errno === 1049 || errno === 1142 || errno === 1143 || errno === 1698)
    return 'refused';
  if (errno === 1969 || errno === 3024 || errno === 1205 || code === 'PROTOCOL_SEQUENCE_TIMEOUT') return 'timeout';
  if (errno === 1040 || errno === 1203 || errno === 1213 || errno === 1053 || errno === 1927) return 'busy';
  if (errno === 1146 || errno === 1054) return 'missing';
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT' || code === 'HANDSHAKE_SSL_ERROR' || /CERT|SIGNATURE/.test(code))
    return 'tls';
  return code.startsWith('ER_') ? 'other' : 'unreachable';
}
