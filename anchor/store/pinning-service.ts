/** A service that speaks the IPFS Pinning Service API 1.0: it fetches what it is told to pin from our node's peers. */
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';
import { BridgeError } from '../../core/errors.ts';
import type { Kubo } from './kubo.ts';
import type { BatchToCopy, CopyTarget } from './replica.ts';

export interface PinningServiceOptions {
  /** Base address, e.g. `https://pins.example.org/psa`. */
  readonly endpoint: string;
  /** Bearer token. */
  readonly token: string;
  /** Whose addresses the service is told as origins. */
  readonly first: Kubo;
  /** How long a batch may take to arrive there. Default 15 min. */
  readonly deadlineMs?: number;
  /** Between two questions. Default 2 s. */
  readonly pollMs?: number;
}

/** `PinStatus` of the specification, as far as it is used. */
interface PinStatus {
  readonly requestid: string;
  readonly status: 'queued' | 'pinning' | 'pinned' | 'failed';
  readonly pin: { readonly cid: string };
}

const CALL_MS = 30_000;

export class PinningService implements CopyTarget {
  readonly name: string;
  readonly #options: PinningServiceOptions;

  constructor(options: PinningServiceOptions) {
    this.name = new URL(options.endpoint).host;
    this.#options = options;
  }

  async keep({ manifest }: BatchToCopy, signal?: AbortSignal): Promise<void> {
    const { deadlineMs = 15 * 60_000, pollMs = 2_000 } = this.#options;
    const end = Date.now() + deadlineMs;
    let pin = (await this.#known(manifest, signal)) ?? (await this.#add(manifest, signal));
    while (pin.status !== 'pinned') {
      if (pin.pin.cid !== manifest) throw refused('answered for another CID');
      if (pin.status === 'failed') {
        await this.#call('DELETE', `pins/${encodeURIComponent(pin.requestid)}`, undefined, signal);
        throw new BridgeError('store.failed', 'the pinning service could not get a batch', {
          hint: 'it fetches from services.kubo: check that the node has peers or addresses that the service reaches',
        });
      }
      if (Date.now() >= end) throw new BridgeError('store.unreachable', 'the pinning service did not finish in time');
      await wait(pollMs, undefined, signal ? { signal } : {});
      pin = (await this.#call('GET', `pins/${encodeURIComponent(pin.requestid)}`, undefined, signal)) as PinStatus;
    }
  }

  /** A request that an earlier try left. */
  async #known(cid: string, signal?: AbortSignal): Promise<PinStatus | undefined> {
    const query = `pins?cid=${cid}&status=queued,pinning,pinned`;
    const { results } = (await this.#call('GET', query, undefined, signal)) as { results?: PinStatus[] };
    if (!Array.isArray(results)) throw refused('left out a field');
    return results.find(({ pin }) => pin?.cid === cid);
  }

  async #add(cid: string, signal?: AbortSignal): Promise<PinStatus> {
    const { addresses } = await this.#options.first.id(signal);
    return (await this.#call('POST', 'pins', { cid, origins: addresses.slice(0, 20) }, signal)) as PinStatus;
  }

  async #call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object, signal?: AbortSignal): Promise<object> {
    const { endpoint, token } = this.#options;
    const limit = AbortSignal.timeout(CALL_MS);
    let status: number;
    let text: string;
    try {
      const answer = await request(`${endpoint.replace(/\/$/, '')}/${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      });
      status = answer.statusCode;
      text = await answer.body.text();
    } catch (cause) {
      signal?.throwIfAborted();
      throw new BridgeError('store.unreachable', 'the pinning service does not answer', { cause });
    }
    if (status === 429 || status >= 500)
      throw new BridgeError('store.unreachable', `the pinning service answered HTTP ${status}`);
    if (status === 401 || status === 403) throw refused('refused the token');
    if (status >= 400) throw refused(`answered HTTP ${status}`);
    return parse(text);
  }
}

function parse(text: string): object {
  if (text.trim() === '') return {};
  try {
    return Object(JSON.parse(text));
  } catch (cause) {
    throw new BridgeError('store.refused', 'the pinning service did not answer in JSON', { cause });
  }
}

function refused(what: string): BridgeError {
  return new BridgeError('store.refused', `the pinning service ${what}`, {
    hint: 'check services.kubo.pinning: endpoint and token',
  });
}
