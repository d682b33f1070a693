/** Sends messages over MLLP and waits for each acknowledgement: for the demo and for tests. */
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { BridgeError } from '../../core/errors.ts';
import { encodeFrame, FrameDecoder } from './frame.ts';
import { readHeader } from './header.ts';

export interface SendOptions {
  readonly tls?: ConnectionOptions;
  /** For each acknowledgement; default 30 s. */
  readonly timeoutMs?: number;
}

export interface Acknowledged {
  /** MSA-1. */
  readonly code: string;
  /** MSA-2, the control id of the message. */
  readonly controlId: string;
  readonly bytes: Uint8Array;
}

/**
 * One after the other over one connection.
 * @throws BridgeError `source.unreachable` without connection or answer, `source.protocol` when MSA-2 is not the MSH-10 sent
 */
export async function sendMllp(
  host: string,
  port: number,
  messages: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  options: SendOptions = {},
): Promise<Acknowledged[]> {
  const socket = await open(host, port, options);
  const answers = framesOf(socket);
  const acknowledged: Acknowledged[] = [];
  try {
    for await (const message of messages) {
      socket.write(encodeFrame(message));
      const answer = await answers.next();
      if (answer.done) throw new BridgeError('source.unreachable', 'the connection ended before an acknowledgement');
      acknowledged.push(matched(message, answer.value));
    }
    return acknowledged;
  } finally {
    socket.destroy();
  }
}

function open(host: string, port: number, { tls, timeoutMs = 30_000 }: SendOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = tls ? connectTls({ ...tls, host, port }) : connect({ host, port });
    const failed = (cause: Error) =>
      reject(new BridgeError('source.unreachable', 'no MLLP connection to that address', { cause }));
    socket.once('error', failed);
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer in time')));
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      socket.off('error', failed);
      resolve(socket);
    });
  });
}

async function* framesOf(socket: Socket): AsyncGenerator<Uint8Array> {
  const decoder = new FrameDecoder(1 << 20);
  try {
    for await (const chunk of socket as AsyncIterable<Uint8Array>) {
      for (const frame of decoder.push(chunk)) if (frame.type === 'message') yield frame.bytes;
    }
  } catch (cause) {
    throw new BridgeError('source.unreachable', 'the connection broke before an acknowledgement', { cause });
  }
}

function matched(message: Uint8Array, bytes: Uint8Array): Acknowledged {
  const separator = readHeader(bytes)?.separator ?? '|';
  const msa = Buffer.from(bytes)
    .toString('latin1')
    .split('\r')
    .find((line) => line.startsWith(`MSA${separator}`));
  const [, code = '', controlId = ''] = msa?.split(separator) ?? [];
  if (controlId !== (readHeader(message)?.field(10) ?? '')) {
    throw new BridgeError('source.protocol', 'the acknowledgement names another message than the one sent');
  }
  return { code, controlId, bytes };
}
