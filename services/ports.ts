/** Loopback ports: the configured one, or the one of last time, or any free one, remembered. */
import { join } from 'node:path';
import { BridgeError } from '../core/errors.ts';
import { freePort, isFree } from '../core/free-port.ts';
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
