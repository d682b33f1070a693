/** Oracle 12c and later, by `oracledb` in its thin mode (no Oracle client library), installed where it is needed. */
import { readFileSync } from 'node:fs';
import { readSecret } from '../../../../core/config/fields.ts';
import type { Cell, Driver, Failure, Session } from '../driver.ts';
import { importClient } from '../load.ts';
import { cellOf } from './cell.ts';
import { oracleDialect } from './oracle-dialect.ts';

/** What is used of `oracledb`. */
interface Client {
  getConnection(options: object): Promise<Connection>;
  readonly OUT_FORMAT_ARRAY: number;
  readonly STRING: unknown;
  readonly BUFFER: unknown;
  readonly DB_TYPE_CLOB: unknown;
  readonly DB_TYPE_NCLOB: unknown;
  readonly DB_TYPE_BLOB: unknown;
}
interface Connection {
  callTimeout: number;
  execute(sql: string, params: readonly unknown[], options?: object): Promise<{ rows?: unknown[][] }>;
  rollback(): Promise<void>;
  close(options: { drop: boolean }): Promise<void>;
}

export const driver: Driver = {
  dialect: oracleDialect,
  port: 1521,
  async connect(config) {
    const { connection, statementTimeoutSeconds } = config;
    const { mode, ca } = connection.tls;
    const client = await importClient<Client>('oracledb');
    const address = `${mode === 'off' ? 'tcp' : 'tcps'}://${connection.host}:${connection.port ?? 1521}`;
    const opened = await client.getConnection({
      user: connection.user,
      password: readSecret(connection.password),
      connectString: `${address}/${connection.database}`,
      transportConnectTimeout: connection.connectTimeoutSeconds,
      ...(mode === 'off' ? {} : { sslServerDNMatch: mode === 'verify' }),
      ...(ca ? { walletContent: readFileSync(ca, 'utf8') } : {}),
    });
    opened.callTimeout = statementTimeoutSeconds * 1000;
    return new OracleSession(client, opened);
  },
  failure: (error) => failureOf(error as { code?: string; message?: string }),
};

class OracleSession implements Session {
  readonly #client: Client;
  readonly #connection: Connection;

  constructor(client: Client, connection: Connection) {
    this.#client = client;
    this.#connection = connection;
  }

  async run(sql: string, params: readonly string[]): Promise<Cell[][]> {
    const { STRING, BUFFER, DB_TYPE_CLOB, DB_TYPE_NCLOB, DB_TYPE_BLOB, OUT_FORMAT_ARRAY } = this.#client;
    const fetchTypeHandler = ({ dbType }: { dbType: unknown }) => {
      if (dbType === DB_TYPE_CLOB || dbType === DB_TYPE_NCLOB) return { type: STRING };
      return dbType === DB_TYPE_BLOB ? { type: BUFFER } : undefined;
    };
    await this.#connection.execute('SET TRANSACTION READ ONLY', []);
    try {
      // '' is NULL to Oracle, also as a parameter.
      const { rows = [] } = await this.#connection.execute(sql, params, {
        outFormat: OUT_FORMAT_ARRAY,
        fetchTypeHandler,
      });
      return rows.map((row) => row.map(cellOf));
    } finally {
      await this.#connection.rollback();
    }
  }

  async close(): Promise<void> {
    await this.#connection.close({ drop: true }).catch(() => {});
  }
}

function failureOf({ code = '', message = '' }: { code?: string; message?: string }): Failure {
  const [known = code] = /^(ORA|NJS|DPI)-\d+/.exec(message) ?? [];
  if (/^ORA-0*(1017|1045|28000|28001|1031|12514)$/.test(known)) return 'refused';
  if (/^(NJS-123|DPI-1067|ORA-0*1013)$/.test(known)) return 'timeout';
  if (/^ORA-0*(18|20|60|1033|1034|1089|8177)$/.test(known)) return 'busy';
  if (/^ORA-0*(942|904)$/.test(known)) return 'missing';
  if (/CERT|SSL|TLS/.test(code)) return 'tls';
  return known.startsWith('ORA-') && !/^ORA-(0*3113|0*3114|12\d{3})$/.test(known) ? 'other' : 'unreachable';
}
