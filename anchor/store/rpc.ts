/**
 * One call of the Kubo RPC: the body streams in both directions, time-outs are real, errors are typed
 * by their cause. Nothing of a node's own error text leaves this file.
 */
import { request } from 'undici';
import { BridgeError } from '../../core/errors.ts';
import { upload } from './upload.ts';

export type Bytes = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export interface CallOptions {
  /** A list becomes the same parameter several times. */
  readonly query?: Readonly<Record<string, string | boolean | number | readonly string[]>>;
  /** Sent as the one file of a multipart form. */
  readonly body?: Bytes;
  /** Longest silence in either direction. */
  readonly idleMs: number;
  readonly signal?: AbortSignal | undefined;
}

const BOUNDARY = 'dhc-bridge-5d1f6b0e2c';
const HEADERS = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
const HEAD = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="data"\r\nContent-Type: application/octet-stream\r\n\r\n`;
const TAIL = `\r\n--${BOUNDARY}--\r\n`;
const MAX_ERROR_BODY = 16 * 1024;

/**
 * Yields the body of the answer.
 * @throws BridgeError `store.*`; the signal's reason when it aborts
 */
export async function* call(url: URL, options: CallOptions): AsyncGenerator<Uint8Array> {
  options.signal?.throwIfAborted();
  const target = new URL(url);
  for (const [key, value] of Object.entries(options.query ?? {}))
    for (const one of Array.isArray(value) ? value : [value]) target.searchParams.append(key, String(one));
  const silence = new Watchdog(options.idleMs);
  const signal = options.signal ? AbortSignal.any([options.signal, silence.signal]) : silence.signal;
  const source: { error?: unknown } = {};
  try {
    const answer =
      options.body === undefined
        ? await request(target, { method: 'POST', signal, headersTimeout: 0, bodyTimeout: 0 })
        : await upload(target, HEADERS, form(options.body, silence, source), signal);
    silence.feed();
    if (answer.statusCode !== 200) throw statusError(answer.statusCode, await head(answer.body));
    for await (const chunk of answer.body) {
      silence.feed();
      yield chunk as Uint8Array;
    }
    const late = (answer.trailers as Record<string, string | undefined>)['x-stream-error'];
    if (late) throw nodeError(late);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (source.error !== undefined) throw source.error;
    if (error instanceof BridgeError) throw error;
    throw new BridgeError(
      'store.unreachable',
      silence.fired ? 'the IPFS node fell silent' : 'the IPFS node does not answer',
      {
        cause: error,
      },
    );
  } finally {
    silence.stop();
  }
}

/** An error that the node reports in its own words, by what it says. */
export function nodeError(text: string): BridgeError {
  if (/no space left|disk quota|storage max|disk full/i.test(text))
    return new BridgeError('store.full', 'the IPFS node has no space left');
  if (/not found|could not find|not pinned|no link named|deadline exceeded|context canceled/i.test(text))
    return new BridgeError('store.missing', 'the IPFS node does not have a block');
  if (/different hash|hash mismatch|mismatch|corrupt/i.test(text))
    return new BridgeError('store.mismatch', 'the IPFS node found a stored block changed');
  if (/too big|invalid|malformed|failed to parse|selected encoding|unexpected EOF|argument .* is required/i.test(text))
    return new BridgeError('store.refused', 'the IPFS node refused what it was sent');
  return new BridgeError('store.failed', 'the IPFS node reported a fault');
}

function statusError(status: number, body: string): BridgeError {
  if (status === 500) return nodeError(body);
  if (status === 429 || status > 500)
    return new BridgeError('store.unreachable', `the IPFS node answered HTTP ${status}`);
  return new BridgeError('store.refused', `the IPFS node answered HTTP ${status}`);
}

async function head(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ERROR_BODY) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The caller's own error (a file that cannot be read) is kept apart from the network's. */
async function* form(body: Bytes, silence: Watchdog, source: { error?: unknown }): AsyncGenerator<Uint8Array> {
  yield Buffer.from(HEAD);
  try {
    for await (const chunk of body) {
      silence.feed();
      yield chunk;
    }
  } catch (error) {
    source.error = error;
    throw error;
  }
  silence.feed();
  yield Buffer.from(TAIL);
}

/** Aborts when nothing has moved for a while; undici's own time-outs do not cover an upload that stands still. */
class Watchdog {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get fired(): boolean {
    return this.#controller.signal.aborted;
  }

  feed(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
