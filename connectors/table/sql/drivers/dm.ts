/** 达梦 DM8, by `dmdb`, which is installed where it is needed; its SQL is Oracle's. */
import { dirname } from 'node:path';
import { readSecret } from '../../../../core/config/fields.ts';
import { BridgeError } from '../../../../core/errors.ts';
import type { Cell, Driver, Failure, Session } from '../driver.ts';
import { importClient } from '../load.ts';
import { cellOf } from './cell.ts';
import { oracleDialect } from './oracle-dialect.ts';

/** What is used of `dmdb`. */
interface Client {
  getConnection(options: object): Promise<Connection>;
  fetchAsString: number[];
  fetchAsBuffer: number[];
  readonly OUT_FORMAT_ARRAY: number;
  readonly CLOB: number;
  readonly BLOB: number;
}
interface Connection {
  execute(sql: string, params: readonly unknown[], options?: object): Promise<{ rows?: unknown[][] }>;
  rollback(): Promise<void>;
  close(): Promise<void>;
}

export const driver: Driver = {
  dialect: oracleDialect,
  port: 5236,
  async connect(config) {
    const { connection, statementTimeoutSeconds } = config;
    const { mode, ca } = connection.tls;
    if (mode !== 'off' && !ca) {
      throw new BridgeError('config.invalid', 'a protected connection to 达梦 needs its certificates', {
        hint: 'name the file beside them as sql.connection.tls.ca, or set tls.mode: off',
      });
    }
    const client = await importClient<Client>('dmdb');
    client.fetchAsString = [client.CLOB];
    client.fetchAsBuffer = [client.BLOB];
    const opened = await client.getConnection({
      connectString: `${connection.host}:${connection.port ?? 5236}`,
      schema: connection.database,
      user: connection.user,
      password: readSecret(connection.password),
      autoCommit: false,
      connectTimeout: connection.connectTimeoutSeconds * 1000,
      socketTimeout: statementTimeoutSeconds * 1000,
      ...(mode === 'off' ? {} : { sslPath: dirname(ca!) }),
    });
    return new DmSession(opened, client.OUT_FORMAT_ARRAY);
  },
  failure: (error) => failureOf(error as { errCode?: number }),
};

class DmSession implements Session {
  readonly #connection: Connection;
  readonly #format: number;

  constructor(connection: Connection, format: number) {
    this.#connection = connection;
    this.#format = format;
  }

  async run(sql: string, params: readonly string[]): Promise<Cell[][]> {
    await this.#connection.execute('SET TRANSACTION READ ONLY', []);
    try {
      const { rows = [] } = await this.#connection.execute(sql, params, { outFormat: this.#format });
      return rows.map((row) => row.map(cellOf));
    } finally {
      await this.#connection.rollback();
    }
  }

  async close(): Promise<void> {
    await this.#connection.close().catch(() => {});
  }
}

/** Codes of the DM8 programmer's manual; what is not known counts as a refused query. */
function failureOf({ errCode }: { errCode?: number }): Failure {
  if (errCode === undefined || errCode === -70028 || errCode === -6007) return 'unreachable';
  if (errCode === -2501 || errCode === -5516 || errCode === -5515) return 'refused';
  if (errCode === -2106 || errCode === -2207) return 'missing';
  return 'other';
}
