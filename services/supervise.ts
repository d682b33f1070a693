/** Keeps one embedded service running: starts it, waits until it answers, starts it again when it dies. */
import { setTimeout as delay } from 'node:timers/promises';
import { BridgeError } from '../core/errors.ts';
import type { Log } from '../core/types.ts';
import { type Command, type Leashed, startLeashed } from './leash.ts';
import type { LogFile } from './log-file.ts';
import type { ProcessIdentity } from './process.ts';

export type ServiceName = 'temporal' | 'kubo' | 'chain';

/** One embedded service. */
export interface Embedded {
  readonly name: ServiceName;
  /** What to run, made anew for each start. */
  command(): Promise<Command> | Command;
  /** One attempt to reach it; throws while it does not serve. */
  probe(): Promise<void>;
  /** Between the first answer and the first use; when it throws, it is tried again with the next answer. */
  onReady?(): Promise<void>;
  /** It ended before it answered. True when another start may go better (a damaged snapshot was set aside). */
  onFailedStart?(): Promise<boolean>;
  /** While it still answers, before it is stopped. */
  onStop?(): Promise<void>;
}

export interface Supervised {
  readonly state: 'ok' | 'restarting' | 'stopped';
  readonly restarts: number;
  stop(): Promise<void>;
}

export interface SuperviseContext {
  readonly log: Log;
  readonly logFile: LogFile;
  /** Told of every process that begins, so that the next supervisor can end what this one could not. */
  onStarted(identity: ProcessIdentity): void;
}

const READY_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 10_000;
const FIRST_BACKOFF_MS = 250;
const LAST_BACKOFF_MS = 30_000;
/** After so long at work, a death counts as the first one again. */
const STEADY_MS = 60_000;

/** @throws BridgeError `service.failed` when the first start fails */
export async function supervise(service: Embedded, context: SuperviseContext): Promise<Supervised> {
  const stopping = new AbortController();
  let state: Supervised['state'] = 'ok';
  let restarts = 0;
  let running = await startUntilReady();
  const loop = watch();

  async function startUntilReady(): Promise<Leashed> {
    for (;;) {
      const leashed = await startLeashed(await service.command(), context.logFile);
      if (leashed.identity) context.onStarted(leashed.identity);
      if (await answers(service, leashed, stopping.signal)) return leashed;
      await leashed.end(STOP_GRACE_MS);
      const again = !stopping.signal.aborted && ((await service.onFailedStart?.()) ?? false);
      if (!again) throw new BridgeError('service.failed', `${service.name} ended or did not answer after its start`);
    }
  }

  async function watch(): Promise<void> {
    let backoff = FIRST_BACKOFF_MS;
    while (!stopping.signal.aborted) {
      const since = Date.now();
      await running.exited;
      if (stopping.signal.aborted) return;
      state = 'restarting';
      if (Date.now() - since > STEADY_MS) backoff = FIRST_BACKOFF_MS;
      context.log.warn('service died and is started again', {
        service: service.name,
        count: restarts + 1,
        ms: backoff,
      });
      await delay(backoff, undefined, { signal: stopping.signal }).catch(() => {});
      backoff = Math.min(backoff * 2, LAST_BACKOFF_MS);
      if (stopping.signal.aborted) return;
      await restart();
    }
  }

  /** On failure the old, ended process stays in `running`, and the loop comes by again after the next back-off. */
  async function restart(): Promise<void> {
    restarts++;
    try {
      running = await startUntilReady();
      state = 'ok';
    } catch {
      context.log.error('service could not be started again', { service: service.name, code: 'service.failed' });
    }
  }

  return {
    get state() {
      return state;
    },
    get restarts() {
      return restarts;
    },
    async stop() {
      if (state === 'ok') await service.onStop?.().catch(() => {});
      stopping.abort();
      await running.end(STOP_GRACE_MS);
      await loop;
      // A restart may have been under way; what it started ends here.
      await running.end(STOP_GRACE_MS);
      state = 'stopped';
    },
  };
}

async function answers(service: Embedded, leashed: Leashed, signal: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let exited = false;
  void leashed.exited.then(() => {
    exited = true;
  });
  while (!exited && !signal.aborted && Date.now() < deadline) {
    try {
      await service.probe();
      await service.onReady?.();
      return true;
    } catch {
      await Promise.race([leashed.exited, delay(25)]);
    }
  }
  return false;
}
