/** Loopback ports: the configured one, or the one of last time, or any free one, remembered. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { BridgeError } from '../core/errors.ts';
import { readJson, writeJson } from './files.ts';

export type PortName = 'temporal' | 'temporal-ui' | 'kubo-api' | 'kubo-gateway' | 'chain';

/** Chooses all ports at once, so that no two services get the same one. */
export type Ports = Partial<Record<PortName, number>>;

/**
 * @param wanted names to choose for; a number is a configured port, which is used or refused
 * @throws BridgeError `service.port-taken` when a configured port is in use
 */
export async function choosePorts(
  dataDir: string,
  wanted: Partial<Record<PortName, number | undefined>>,
): Promise<Ports> {
  const file = join(dataDir, 'run', 'ports.json');
  const remembered = readJson<Ports>(file) ?? {};
  const chosen: Ports = {};
  for (const name of Object.keys(wanted) as PortName[]) {
    chosen[name] = await choosePort(name, wanted[name], remembered[name], Object.values(chosen));
  }
  writeJson(file, { ...remembered, ...chosen });
  return chosen;
}

async function choosePort(
  name: PortName,
  configured: number | undefined,
  remembered: number | undefined,
  used: readonly number[],
): Promise<number> {
  if (configured !== undefined) {
    if (!used.includes(configured) && (await isFree(configured))) return configured;
    throw new BridgeError('service.port-taken', `port ${configured}, configured for ${name}, is in use`);
  }
  if (remembered !== undefined && !used.includes(remembered) && (await isFree(remembered))) return remembered;
  for (;;) {
    const port = await freePort();
    if (!used.includes(port)) return port;
  }
}

/**
 * A free port below the range from which systems take theirs (32768 on Linux, 49152 elsewhere). One of that range
 * may go to anybody's next connection, or to the ports that Temporal takes for itself, before the service has it.
 */
async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1000; tries++) {
    const port = randomInt(20_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new BridgeError('service.failed', 'no free port on 127.0.0.1');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
