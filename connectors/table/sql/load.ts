/** Drivers are loaded when a feed needs them: a hospital with one database carries no other's client. */
import { BridgeError } from '../../../core/errors.ts';
import type { SqlConfig } from './config.ts';
import type { Driver } from './driver.ts';

const DRIVERS: Readonly<Record<SqlConfig['driver'], () => Promise<{ driver: Driver }>>> = {
  postgres: () => import('./drivers/postgres.ts'),
  mysql: () => import('./drivers/mysql.ts'),
  sqlserver: () => import('./drivers/sqlserver.ts'),
  oracle: () => import('./drivers/oracle.ts'),
  dm: () => import('./drivers/dm.ts'),
};

export async function loadDriver(name: SqlConfig['driver']): Promise<Driver> {
  return (await DRIVERS[name]()).driver;
}

/**
 * A published client that the bridge does not carry.
 * @throws BridgeError `config.driver` with the command that installs it
 */
export async function importClient<T>(name: string): Promise<T> {
  try {
    const client = (await import(name)) as { default?: T };
    return client.default ?? (client as T);
  } catch (cause) {
    throw new BridgeError('config.driver', `the database client ${name} is not installed`, {
      cause,
      hint: `install it in the folder of the bridge: npm install ${name}`,
    });
  }
}
