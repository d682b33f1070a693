/**
 * A POST whose body is sent piece by piece: the next piece is asked for when the last one has left this process, so that
 * whoever made it may use its memory again. undici, which serves all other calls, has no such moment.
 */
import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';

export interface Answer {
  readonly statusCode: number;
  readonly body: AsyncIterable<Uint8Array>;
  /** Known when the body has ended. */
  readonly trailers: IncomingHttpHeaders | NodeJS.Dict<string>;
}

/** An answer that comes before the body's end ends the sending. @throws the network's error, or the body's */
export async function upload(
  url: URL,
  headers: Record<string, string>,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Answer> {
  const { request } = url.protocol === 'https:' ? https : http;
  const sending = request(url, { method: 'POST', headers, signal });
  let answer: IncomingMessage | undefined;
  let goOn = () => {};
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sending.once('response', (message) => {
      answer = message;
      resolve(message);
      goOn();
    });
    sending.on('error', reject);
  });
  // Awaited when the body has been sent.
  answered.catch(() => {});
  const sent = (piece: Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      goOn = resolve;
      sending.write(piece, (error) => (error ? reject(error) : resolve()));
    });
  try {
    for await (const piece of body) {
      await sent(piece);
      if (answer !== undefined) break;
    }
  } catch (error) {
    sending.destroy();
    throw error;
  }
  if (answer === undefined) sending.end();
  return toAnswer(await answered);
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
