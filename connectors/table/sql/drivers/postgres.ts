/** PostgreSQL and what speaks its protocol (KingbaseES, openGauss), by `pg`. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { readSecret } from '../../../../core/config/fields.ts';
import { BridgeError } from '../../../../core/errors.ts';
import type { SqlConfig } from '../config.ts';
import type { Cell, Dialect, Driver, Failure, Family, Session, ViewName } from '../driver.ts';

const BYTEA = 17;
const STAMP = `'YYYY-MM-DD HH24:MI:SS.US'`;

const FAMILIES: Readonly<Record<string, Family>> = {
  smallint: 'integer',
  integer: 'integer',
  bigint: 'integer',
  real: 'float',
  'double precision': 'float',
  date: 'date',
  bytea: 'binary',
  text: 'text',
};

const dialect: Dialect = {
  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  param: (n) => `$${n}`,
  // The text form of the protocol is what psql shows; `::text` would strip char(n).
  value: (_column, name) => name,
  raw: (column, name) => (column.family === 'text' ? `convert_to(${name}::text, getdatabaseencoding())` : name),
  size: ({ family }, name) => `octet_length(${family === 'other' ? `${name}::text` : name})`,
  stamp: ({ family }, name) => `to_char(${family === 'instant' ? `${name} AT TIME ZONE 'UTC'` : name}, ${STAMP})`,
  fromStamp: ({ family, type }, param) =>
    family === 'instant' ? `(${param}::timestamp AT TIME ZONE 'UTC')` : `${param}::timestamp::${type}`,
  fromKey: ({ family, type }, param) => (family === 'binary' ? `decode(${param}, 'hex')` : `${param}::${type}`),
  limit: (query, rows) => `${query} LIMIT ${rows}`,
  now: `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', ${STAMP})`,
  columns: (view) => ({
    sql: `SELECT attname, format_type(atttypid, atttypmod), format_type(atttypid, NULL) FROM pg_attribute
      WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    params: [qualified(view)],
  }),
  column: ([name, type, base]) => {
    const family = familyOf(String(base));
    const large = /^(text|bytea|jsonb?|xml|character varying)$|\(\d{4,}\)/.test(String(type));
    return { name: String(name), type: String(type), family, large };
  },
  views: `SELECT n.nspname, c.relname, CASE WHEN c.relkind <> 'v' AND c.reltuples >= 0 THEN c.reltuples::bigint END
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname NOT LIKE 'pg_toast%' AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
    ORDER BY 1, 2 LIMIT 1000`,
  leading: (view) => ({
    sql: `SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = $1::regclass AND i.indisvalid AND i.indpred IS NULL`,
    params: [qualified(view)],
  }),
  rights: (view) => ({
    sql: `SELECT concat_ws(', ', CASE WHEN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN 'superuser' END,
      (SELECT string_agg(p, ', ') FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p
       WHERE has_table_privilege($1::regclass, p)))`,
    params: [qualified(view)],
  }),
};

export const driver: Driver = {
  dialect,
  port: 5432,
  async connect(config, timezone) {
    const { connection, statementTimeoutSeconds, charset } = config;
    const client = new pg.Client({
      host: connection.host,
      port: connection.port ?? 5432,
      database: connection.database,
      user: connection.user,
      password: readSecret(connection.password),
      connectionTimeoutMillis: connection.connectTimeoutSeconds * 1000,
      // Behind the server's own timeout, for one that no longer answers.
      query_timeout: statementTimeoutSeconds * 1000 + 5000,
      application_name: 'dhc-bridge',
      ssl: sslOf(connection.tls),
      types: { getTypeParser: ((oid: number) => (oid === BYTEA ? hexBytes : String)) as never },
    });
    // A connection that breaks between two queries would end the process; the next query says so.
    client.on('error', () => {});
    const session = new PgSession(client);
    try {
      await client.connect();
      await client.query(setup(statementTimeoutSeconds));
      // Instants are shown in the hospital's zone, with their offset.
      await session.run("SELECT set_config('TimeZone', $1, false)", [timezone]);
      await refuseUndeclared(session, charset);
      return session;
    } catch (error) {
      await session.close();
      throw error;
    }
  },
  failure: (error) => failureOf(error as { code?: string; message?: string }),
};

class PgSession implements Session {
  readonly #client: pg.Client;

  constructor(client: pg.Client) {
    this.#client = client;
  }

  async run(sql: string, params: readonly string[]): Promise<Cell[][]> {
    const { rows } = await this.#client.query({ text: sql, values: [...params], rowMode: 'array' });
    return rows as Cell[][];
  }

  async close(): Promise<void> {
    // `end` would wait for the query that is under way.
    (this.#client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}

function setup(timeoutSeconds: number): string {
  return [
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY, ISOLATION LEVEL READ COMMITTED',
    `SET statement_timeout = ${timeoutSeconds * 1000}`,
    `SET lock_timeout = ${timeoutSeconds * 1000}`,
    'SET DateStyle = ISO, YMD',
    'SET IntervalStyle = postgres',
    'SET bytea_output = hex',
    'SET extra_float_digits = 1',
  ].join('; ');
}

/** A database without a character set sends bytes as they are; reading them as UTF-8 would replace what is not. */
async function refuseUndeclared(session: Session, charset: string | undefined): Promise<void> {
  if (charset !== undefined) return;
  const [row] = await session.run('SHOW server_encoding', []);
  if (row?.[0] !== 'SQL_ASCII') return;
  throw new BridgeError('source.protocol', 'the database declares no character set (SQL_ASCII)', {
    hint: 'name the true one as sql.charset, e.g. gb18030',
  });
}

function qualified({ parts }: ViewName): string {
  return parts.map(dialect.quote).join('.');
}

function familyOf(base: string): Family {
  if (base.startsWith('timestamp')) return base.includes('with time zone') ? 'instant' : 'time';
  if (base.startsWith('numeric')) return 'decimal';
  if (base.startsWith('character') || base === 'citext') return 'text';
  return FAMILIES[base] ?? 'other';
}

function hexBytes(text: string): Uint8Array {
  return Buffer.from(text.slice(2), 'hex');
}

function sslOf({ mode, ca }: SqlConfig['connection']['tls']): pg.ClientConfig['ssl'] {
  if (mode === 'off') return false;
  return { rejectUnauthorized: mode === 'verify', ...(ca ? { ca: readFileSync(ca, 'utf8') } : {}) };
}

/** PostgreSQL manual, appendix A. */
function failureOf({ code = '', message = '' }: { code?: string; message?: string }): Failure {
  if (code.startsWith('28') || code === '42501' || code === '3D000') return 'refused';
  if (code === '57014' || code === '55P03') return 'timeout';
  if (code.startsWith('53') || code.startsWith('57P') || code.startsWith('08') || code.startsWith('40')) return 'busy';
  if (code === '42P01' || code === '3F000' || code === '42703') return 'missing';
  if (message.startsWith('The server does not support SSL') || /CERT|SIGNATURE|TLS|SSL/.test(code)) return 'tls';
  return /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E') ? 'other' : 'unreachable';
}
