/** MLLP listener: TCP, or TLS where configured. One `Connection` serves each sender. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { BridgeError } from '../../core/errors.ts';
import type { ConnectorContext, Listener } from '../../core/types.ts';
import type { MllpConfig } from './config.ts';
import { Connection, type Room } from './connection.ts';
import { tlsContext } from './tls.ts';

/** Incomplete messages of all connections together may hold so many times the largest message. */
const LARGEST_AT_ONCE = 4;

/** @throws BridgeError when the port cannot be had or the TLS files do not fit */
export async function listen(
  config: MllpConfig,
  charset: string | undefined,
  context: ConnectorContext,
): Promise<Listener> {
  const { inbox, log, feed } = context;
  if (!inbox) throw new BridgeError('source.missing', 'messages are accepted only where the bridge runs');
  const connections = new Set<Connection>();
  const room: Room = { held: 0, most: LARGEST_AT_ONCE * config.messageBytes };
  const accept = (socket: Socket) => {
    const connection = new Connection(socket, { config, charset, feed, inbox, log, room });
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  };
  const server = await makeServer(config, accept);
  server.maxConnections = config.maxConnections;
  server.on('drop', () => log.warn('connection turned away: too many', { feed }));
  server.on('tlsClientError', () => log.warn('connection turned away: no TLS agreement', { feed }));
  const port = await bind(server, config);
  server.on('error', () => log.error('listener failed', { feed }));
  const address = `mllp${config.tls ? 's' : ''}://${hostText(config.host)}:${port}`;
  log.info('listening', { feed, address });
  return {
    address,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...connections].map((connection) => connection.close()));
      await closed;
    },
  };
}

async function makeServer(config: MllpConfig, accept: (socket: Socket) => void): Promise<Server> {
  // Half open: a sender that has closed its side still gets its acknowledgements.
  const options = { allowHalfOpen: true, noDelay: true };
  if (!config.tls) return createServer(options, accept);
  return createTlsServer({ ...options, ...(await tlsContext(config.tls)) }, accept);
}

function bind(server: Server, { host, port }: MllpConfig): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(bindError(cause)));
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve((server.address() as { port: number }).port);
    });
  });
}

function bindError(cause: NodeJS.ErrnoException): BridgeError {
  if (cause.code === 'EADDRINUSE') return new BridgeError('service.port-taken', 'the MLLP port is taken', { cause });
  if (cause.code === 'EACCES')
    return new BridgeError('service.port-taken', 'this user may not listen there', { cause });
  return new BridgeError('config.invalid', 'no listener is possible on mllp.host and mllp.port', { cause });
}

function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
