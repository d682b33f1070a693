/** Whether a view can be read, by an account that can do no more than that; and what else there is. */
import { BridgeError } from '../../../core/errors.ts';
import type { CheckStep, Discovered } from '../../../core/types.ts';
import { reachSteps, step } from '../../shared/reach.ts';
import type { SqlConfig } from './config.ts';
import type { Driver, Session } from './driver.ts';
import { failed } from './failure.ts';
import { loadDriver } from './load.ts';
import { columnsOf, connect, openView, shapeOf, viewName } from './view.ts';

export async function checkSql(config: SqlConfig, timezone: string, signal: AbortSignal): Promise<CheckStep[]> {
  let driver: Driver | undefined;
  const client = await step('client', async () => {
    driver = await loadDriver(config.driver);
    return `the client for ${config.driver} is there`;
  });
  if (!driver) return [client];
  const { host, port = driver.port, tls } = config.connection;
  const [dns, tcp] = await reachSteps(`tcp://${host.includes(':') ? `[${host}]` : host}:${port}`, signal);
  const steps = [client, dns!, ...(tcp ? [tcp] : [])];
  if (steps.some(({ status }) => status === 'fail')) return steps;
  let session: Session | undefined;
  steps.push(
    await step('auth', async () => {
      session = await connect(driver!, config, timezone);
      return `${config.connection.user} may connect${tls.mode === 'off' ? '; warning: without TLS' : ''}`;
    }),
  );
  if (!session) return steps;
  const stop = () => void session?.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return [...steps, ...(await viewSteps(driver, session, config, timezone))];
  } finally {
    signal.removeEventListener('abort', stop);
    await session.close();
  }
}

async function viewSteps(driver: Driver, session: Session, config: SqlConfig, timezone: string): Promise<CheckStep[]> {
  const tried = (name: string, attempt: () => Promise<string>) =>
    step(name, () =>
      attempt().catch((error: unknown) => {
        const { message, hint, code } = failed(driver, error);
        throw new BridgeError(code, `${message}: ${hint}`);
      }),
    );
  const name = viewName(config.view);
  const view = await tried('view', async () => {
    const columns = await columnsOf(driver, session, config);
    shapeOf(driver.dialect, config, columns);
    return `${config.view} has ${columns.length} columns; key and watermark are among them`;
  });
  if (view.status === 'fail') return [view];
  const rights = await tried('least privilege', async () => {
    const { sql, params } = driver.dialect.rights(name);
    const [row] = await session.run(sql, params);
    return row?.[0] ? `warning: the account may also do ${row[0]}; grant it SELECT only` : 'the account can only read';
  });
  const index = await tried('index', async () => {
    if (config.watermark === undefined) return 'the whole view is read at each poll';
    const { sql, params } = driver.dialect.leading(name);
    const leading = (await session.run(sql, params)).map(([column]) => String(column));
    if (leading.includes(config.watermark)) return 'an index begins with the watermark';
    if (leading.length > 0) return 'warning: no index begins with the watermark; every poll reads the whole table';
    return 'no index of its own; see that the table behind the view has one that begins with the watermark';
  });
  const opened = await openView(driver, config, timezone).catch((error: unknown) => failed(driver, error));
  if (opened instanceof BridgeError)
    return [view, rights, index, await tried('empty query', () => Promise.reject(opened))];
  try {
    const empty = await tried('empty query', async () => {
      await opened.page({ since: null, after: null, rows: 1, cellBytes: 0 });
      return 'the view can be read in order';
    });
    const order = await tried('key and watermark filled', async () => {
      if (!(await opened.hasUnplaced())) return 'every row has both';
      throw new BridgeError('source.unplaced', 'rows have NULL or no valid time there');
    });
    return [view, rights, index, empty, order];
  } finally {
    await opened.close();
  }
}

/** What the account may read, with the server's own estimates of rows. */
export async function* discoverSql(
  config: SqlConfig,
  timezone: string,
  signal: AbortSignal,
): AsyncGenerator<Discovered> {
  const driver = await loadDriver(config.driver);
  const session = await connect(driver, config, timezone);
  try {
    for (const [schema, name, rows] of await session.run(driver.dialect.views, [])) {
      signal.throwIfAborted();
      const view = `${schema}.${name}`;
      const { sql, params } = driver.dialect.columns(viewName(view));
      const columns = (await session.run(sql, params)).map((row) => driver.dialect.column(row));
      const detail = columns.map((column) => `${column.name} ${column.type}`).join(', ');
      yield { name: view, ...(rows === null ? {} : { count: Number(rows) }), detail };
    }
  } catch (error) {
    signal.throwIfAborted();
    throw failed(driver, error);
  } finally {
    await session.close();
  }
}
