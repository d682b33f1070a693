/** Free loopback ports that stay the same over restarts while nobody else has them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { freePort, isFree } from '../../core/free-port.ts';

/** The hospital's listener opens long after its port was chosen, when all services have taken theirs. */
const RANGE = [12_000, 20_000] as const;

export async function choosePorts(file: string, names: readonly string[]): Promise<Record<string, number>> {
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>) : {};
  const ports: Record<string, number> = {};
  for (const name of names) {
    const last = known[name];
    ports[name] = last !== undefined && (await isFree(last)) ? last : await freePort(RANGE);
  }
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}
