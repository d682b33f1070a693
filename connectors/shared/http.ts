/**
 * Requests to one server of the hospital. The bearer goes to that server's origin and nowhere else; links and
 * redirects are followed only within the server or to hosts that the configuration allows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { readSecret } from '../../core/config/fields.ts';
import { BridgeError } from '../../core/errors.ts';

/** As the configs of the connectors say it. */
export interface HttpOptions {
  readonly baseUrl: string;
  /** The bearer is a secret reference, read at each request, so that a renewed token is used. */
  readonly auth?: { readonly bearer?: string };
  /** `host` or `host:port` of other servers that links may name; they get no credentials. */
  readonly allowedHosts: readonly string[];
  /** Longest wait for headers and between two chunks; also for a whole `getBytes`. */
  readonly requestTimeoutSeconds: number;
  /** Requests made for one answer, the first included. */
  readonly attempts: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  /** Closed by whoever reads it to the end or stops reading. */
  readonly body: Dispatcher.ResponseData['body'];
}

export interface HttpBytes {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly bytes: Uint8Array;
}

export interface Http {
  /** Base URL without a trailing slash. */
  readonly base: string;
  /**
   * An absolute address out of a link, if it may be followed.
   * @throws BridgeError `source.unsafe-link`, or `source.protocol` when it is no address
   */
  resolve(link: string): URL;
  /** Whole body, at most `maxBytes`. Any final status; see `expectOk`. */
  getBytes(url: URL | string, accept: string, maxBytes: number, signal: AbortSignal): Promise<HttpBytes>;
  /** Headers only; the body is a stream. */
  getStream(url: URL | string, accept: string, signal?: AbortSignal): Promise<HttpAnswer>;
  close(): Promise<void>;
}

const TRANSIENT = new Set([408, 429, 500, 502, 503, 504]);
const MAX_REDIRECTS = 5;
const FIRST_DELAY_MS = 500;
/** A server may ask for more; the schedule comes back anyway. */
const MAX_DELAY_MS = 60_000;

/** A status or a broken connection that another attempt may mend. */
class Transient extends Error {
  readonly delayMs: number | null;
  constructor(delayMs: number | null, cause?: unknown) {
    super('transient', { cause });
    this.delayMs = delayMs;
  }
}

export function openHttp(options: HttpOptions): Http {
  const base = new URL(options.baseUrl);
  const basePath = base.pathname.replace(/\/+$/, '');
  const milliseconds = options.requestTimeoutSeconds * 1000;
  const agent = new Agent({
    connect: { timeout: milliseconds },
    headersTimeout: milliseconds,
    bodyTimeout: milliseconds,
  });

  function resolve(link: string): URL {
    if (!URL.canParse(link, `${base.origin}${basePath}/`)) {
      throw new BridgeError('source.protocol', 'the server names a page by something that is no address');
    }
    const url = new URL(link, `${base.origin}${basePath}/`);
    const inside = url.origin === base.origin && (url.pathname === basePath || url.pathname.startsWith(`${basePath}/`));
    const allowed = /^https?:$/.test(url.protocol) && options.allowedHosts.includes(url.host);
    if (url.username || url.password || !(inside || allowed)) {
      throw new BridgeError('source.unsafe-link', 'a link or redirect leads out of the server');
    }
    return url;
  }

  async function once(start: URL, accept: string, signal?: AbortSignal): Promise<HttpAnswer> {
    let url = start;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const headers: Record<string, string> = { accept };
      if (options.auth?.bearer && url.origin === base.origin)
        headers.authorization = `Bearer ${readSecret(options.auth?.bearer)}`;
      const answer = await send(url, headers, signal);
      if (![301, 302, 303, 307, 308].includes(answer.statusCode)) return status(answer);
      await answer.body.dump();
      const location = answer.headers.location;
      if (typeof location !== 'string') throw new BridgeError('source.protocol', 'a redirect names no address');
      url = resolve(new URL(location, url).href);
    }
    throw new BridgeError('source.protocol', 'the server redirects for ever');
  }

  async function send(url: URL, headers: Record<string, string>, signal?: AbortSignal) {
    try {
      const answer = await request(url, { dispatcher: agent, method: 'GET', headers, signal });
      // Whoever reads meets the error; without a listener an abandoned body would end the process.
      answer.body.on('error', () => undefined);
      return answer;
    } catch (error) {
      throw new Transient(null, error);
    }
  }

  async function status(answer: Dispatcher.ResponseData): Promise<HttpAnswer> {
    if (!TRANSIENT.has(answer.statusCode)) {
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    }
    await answer.body.dump().catch(() => undefined);
    throw new Transient(retryAfterMs(answer.headers['retry-after'], Date.now()));
  }

  async function repeated<T>(signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    for (let made = 1; ; made++) {
      try {
        return await attempt();
      } catch (error) {
        signal?.throwIfAborted();
        if (!(error instanceof Transient)) throw error;
        if (made >= options.attempts) {
          throw new BridgeError('source.unreachable', `the server gave no answer in ${made} attempts`, {
            cause: error,
          });
        }
        await sleep(Math.min(error.delayMs ?? FIRST_DELAY_MS * 2 ** (made - 1), MAX_DELAY_MS), undefined, { signal });
      }
    }
  }

  return {
    base: `${base.origin}${basePath}`,
    resolve,
    getBytes: (url, accept, maxBytes, signal) =>
      repeated(signal, async () => {
        const answer = await once(new URL(url), accept, AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]));
        return { status: answer.status, headers: answer.headers, bytes: await readAll(answer.body, maxBytes) };
      }),
    getStream: (url, accept, signal) => repeated(signal, () => once(new URL(url), accept, signal)),
    close: () => agent.destroy(),
  };
}

async function readAll(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > maxBytes) throw new BridgeError('source.too-large', `an answer is larger than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    body.destroy();
    throw error instanceof BridgeError ? error : new Transient(null, error);
  }
  return Buffer.concat(chunks);
}

/** RFC 9110 §10.2.3: seconds or an HTTP date. Null when the server does not say. */
export function retryAfterMs(value: string | string[] | undefined, now: number): number | null {
  if (typeof value !== 'string') return null;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

/** @throws BridgeError `source.refused`, `source.missing` or `source.protocol` for anything but a 2xx status */
export function expectOk(status: number): void {
  if (status >= 200 && status < 300) return;
  if (status === 401 || status === 403)
    throw new BridgeError('source.refused', `the server refuses access (${status})`);
  if (status === 404 || status === 410)
    throw new BridgeError('source.missing', `the server knows no such address (${status})`);
  throw new BridgeError('source.protocol', `the server answered with status ${status}`);
}
