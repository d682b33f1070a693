/** Private database servers for tests: Debian's PostgreSQL and MariaDB on a free loopback port, in a temporary folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { freePort } from '../../../core/free-port.ts';

export interface TestDatabase {
  readonly driver: 'postgres' | 'mysql';
  readonly port: number;
  /** As the owner, in the database `lis`; statements without results. */
  admin(sql: string, params?: readonly unknown[]): Promise<void>;
  /** The `connection` of a config, for the account that may only read. */
  readonly reader: Record<string, unknown>;
  stop(): Promise<void>;
}

const PASSWORD = 'dhc-test';
/** Variable that holds the password of the account that may only read. */
const VARIABLE = 'DHC_TEST_DB_PASSWORD';

const pgBin = pgFolders().find((folder) => existsSync(join(folder, 'initdb')));
const mariadbd = ['/usr/sbin/mariadbd', '/usr/local/sbin/mariadbd', '/usr/bin/mariadbd'].find((path) =>
  existsSync(path),
);

export const hasDatabase = { postgres: pgBin !== undefined, mysql: mariadbd !== undefined };

export async function startDatabase(driver: TestDatabase['driver']): Promise<TestDatabase> {
  process.env[VARIABLE] = PASSWORD;
  const folder = mkdtempSync(join(tmpdir(), `dhc-${driver}-`));
  const account = accountOf(driver === 'postgres' ? 'postgres' : 'mysql');
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid!);
  const port = await freePort();
  const server = driver === 'postgres' ? startPostgres(folder, port, account) : startMariadb(folder, port, account);
  const stop = async () => {
    if (server.exitCode === null) {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGQUIT');
      setTimeout(() => server.kill('SIGKILL'), 3000).unref();
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const admin = await untilReady(() => (driver === 'postgres' ? postgresAdmin(port) : mariadbAdmin(folder)), server);
    const connection = { host: '127.0.0.1', port, database: 'lis', user: 'reader', password: `\${env:${VARIABLE}}` };
    return {
      driver,
      port,
      admin: (sql, params = []) => admin.run(sql, params),
      reader: { ...connection, tls: { mode: 'off' } },
      async stop() {
        await admin.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

interface Admin {
  run(sql: string, params: readonly unknown[]): Promise<void>;
  close(): Promise<void>;
}

/** Neither server runs as root: then the account that its package made is taken. */
function accountOf(name: string): Account {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function startPostgres(folder: string, port: number, account: Account): ChildProcess {
  const data = join(folder, 'data');
  const passwords = join(folder, 'password');
  writeFileSync(passwords, PASSWORD, { mode: 0o644 });
  const init = [
    '-D',
    data,
    '-U',
    'owner',
    '-A',
    'scram-sha-256',
    '--pwfile',
    passwords,
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
  ];
  execFileSync(join(pgBin!, 'initdb'), [...init, '--no-sync'], { cwd: folder, stdio: 'pipe', ...account });
  const options = ['-D', data, '-p', `${port}`, '-k', folder, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'];
  return spawn(join(pgBin!, 'postgres'), options, { cwd: folder, stdio: 'ignore', ...account });
}

function startMariadb(folder: string, port: number, account: Account): ChildProcess {
  const data = join(folder, 'data');
  const common = ['--no-defaults', `--datadir=${data}`];
  execFileSync('mariadb-install-db', [...common, '--auth-root-authentication-method=normal', '--skip-test-db'], {
    cwd: folder,
    stdio: 'pipe',
    ...account,
  });
  const net = [`--port=${port}`, '--bind-address=127.0.0.1', `--socket=${join(folder, 'socket')}`];
  const small = ['--innodb-flush-log-at-trx-commit=0', '--innodb-buffer-pool-size=32M', '--skip-name-resolve'];
  return spawn(mariadbd!, [...common, ...net, ...small], { cwd: folder, stdio: 'ignore', ...account });
}

async function postgresAdmin(port: number): Promise<Admin> {
  const options = { host: '127.0.0.1', port, user: 'owner', password: PASSWORD };
  const first = new pg.Client({ ...options, database: 'postgres' });
  await first.connect();
  await first.query('CREATE DATABASE lis');
  await first.query(`CREATE ROLE reader LOGIN PASSWORD '${PASSWORD}'`);
  await first.end();
  const client = new pg.Client({ ...options, database: 'lis' });
  await client.connect();
  client.on('error', () => {});
  await client.query('GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader');
  await client.query('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader');
  return {
    async run(sql, params) {
      await client.query(sql, params.length > 0 ? [...params] : undefined);
    },
    close: () => client.end(),
  };
}

async function mariadbAdmin(folder: string): Promise<Admin> {
  const client = await mysql.createConnection({
    socketPath: join(folder, 'socket'),
    user: 'root',
    multipleStatements: true,
  });
  client.on('error', () => {});
  await client.query('CREATE DATABASE lis CHARACTER SET utf8mb4; USE lis');
  await client.query(
    `CREATE USER reader@'127.0.0.1' IDENTIFIED BY '${PASSWORD}'; GRANT SELECT, SHOW VIEW ON lis.* TO reader@'127.0.0.1'`,
  );
  return {
    async run(sql, params) {
      await client.query(sql, [...params]);
    },
    close: () => client.end(),
  };
}

async function untilReady<T>(attempt: () => Promise<T>, server: ChildProcess): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (server.exitCode !== null || tries > 300) throw error;
      await sleep(100);
    }
  }
}

function pgFolders(): string[] {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return [...versions.map((version) => join(root, version, 'bin')), '/usr/local/pgsql/bin', '/usr/local/bin'];
}
