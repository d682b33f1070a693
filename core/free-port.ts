/** Loopback ports that nobody listens on. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { BridgeError } from './errors.ts';

/** Of services; who starts something beside them takes another range, so that neither has what the other was promised. */
const SERVICES = [20_000, 32_000] as const;

/**
 * A free port below the range from which systems take theirs (32768 on Linux, 49152 elsewhere). One of that range
 * may go to anybody's next connection, or to the ports that Temporal takes for itself, before the service has it.
 *
 * @param range first port, and the first after the last
 * @throws BridgeError `service.failed` when none is found
 */
export async function freePort(range: readonly [number, number] = SERVICES): Promise<number> {
  for (let tries = 0; tries < 1000; tries++) {
    const port = randomInt(...range);
    if (await isFree(port)) return port;
  }
  throw new BridgeError('service.failed', 'no free port on 127.0.0.1');
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
