/**
 * A POST whose body is sent piece by piece: the next piece is asked for when the last one has left this process, so that
 * whoever made it may use its memory again. undici, which serves all other calls, has no such moment.
 */
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';

export interface Answer {
  readonly statusCode: number;
  readonly body: AsyncIterable<Uint8Array>;
  /** Known when the body has ended. */
  readonly trailers: NodeJS.Dict<string>;
}

/** An answer that comes before the body's end ends the sending. @throws the network's error, or the body's */
export async function upload(
  url: URL,
  headers: Record<string, string>,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Answer> {
  const { request } = url.protocol === 'https:' ? https : http;
  // A connection of its own: a kept one may just be closed by the node, and a body cannot be sent twice.
  const sending = request(url, { method: 'POST', headers, signal, agent: false });
  const answered = Promise.withResolvers<IncomingMessage>();
  // Awaited when the body has been sent.
  answered.promise.catch(() => {});
  let answer: IncomingMessage | undefined;
  /** The piece that is on its way. */
  let piece: PromiseWithResolvers<void> | undefined;
  sending.once('response', (message) => {
    answer = message;
    answered.resolve(message);
    piece?.resolve();
  });
  sending.on('error', (error) => {
    answered.reject(error);
    piece?.reject(error);
  });
  const sent = (bytes: Uint8Array) => {
    const own = Promise.withResolvers<void>();
    piece = own;
    sending.write(bytes, (error) => (error ? own.reject(error) : own.resolve()));
    return own.promise;
  };
  try {
    for await (const bytes of body) {
      await sent(bytes);
      if (answer !== undefined) break;
    }
  } catch (error) {
    sending.destroy();
    throw error;
  }
  if (answer === undefined) sending.end();
  return toAnswer(await answered.promise);
}

function toAnswer(message: IncomingMessage): Answer {
  return {
    statusCode: message.statusCode!,
    body: message,
    get trailers() {
      return message.trailers;
    },
  };
}
