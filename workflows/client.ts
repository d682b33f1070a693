/** What is asked of Temporal from outside: start, watch and stop the runs of feeds, wake the anchoring. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  type GrpcRetryOptions,
  makeGrpcRetryInterceptor,
  ScheduleNotFoundError,
  WorkflowFailedError,
  type WorkflowHandle,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, type DataConverter } from '@temporalio/common';
import { codes, type ErrorCode } from '../core/codes.ts';
import { BridgeError } from '../core/errors.ts';
import type { anchor } from './flows/anchor.ts';
import {
  ANCHOR_QUEUE,
  anchorId,
  enqueueSignal,
  INGEST_QUEUE,
  type IngestMode,
  type IngestProgress,
  ingestId,
  ingestInput,
  progressQuery,
  resumeSignal,
  wakeSignal,
} from './flows/contract.ts';
import type { ingest } from './flows/ingest.ts';
import { type RetryingStep, retryingSteps, takeOver } from './pending.ts';
import { type Schedules, schedules } from './schedules.ts';

const WATCH_MS = 250;

export interface Flows {
  readonly schedules: Schedules;
  /** One workflow a feed: an existing one is woken instead. */
  start(feed: string, mode: IngestMode): Promise<void>;
  /** Follows a run to its end, or until a continuous one has met the end of the source. */
  follow(feed: string, options: FollowOptions): Promise<IngestProgress>;
  /** Undefined when the feed is not running. */
  progress(feed: string): Promise<IngestProgress | undefined>;
  wake(feed: string): Promise<void>;
  resume(feed: string): Promise<void>;
  /** Ends after the steps in hand. Resolves when it has ended. */
  stop(feed: string): Promise<void>;
  requestAnchor(chain: { chainId: string; signer: string }, batch: string): Promise<void>;
  /** Steps that wait for another attempt, or are at it. */
  retrying(): Promise<RetryingStep[]>;
  /** Takes the steps that a killed worker had begun; only before the one worker of these feeds begins. */
  takeOver(feeds: readonly string[], chain: { chainId: string; signer: string }): Promise<number>;
  close(): Promise<void>;
}

export interface FollowOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: IngestProgress) => void;
}

/** @throws BridgeError `service.unreachable` */
export async function connectFlows(options: {
  address: string;
  namespace: string;
  dataConverter: DataConverter;
  timezone: string;
}): Promise<Flows> {
  const { address, namespace, dataConverter } = options;
  const retries = stoppableRetries();
  const interceptors = [makeGrpcRetryInterceptor(retries.options)];
  const connection = await Connection.connect({ address, connectTimeout: '10 seconds', interceptors }).catch(
    (cause) => {
      throw new BridgeError('service.unreachable', 'Temporal does not answer', { cause });
    },
  );
  const client = new Client({ connection, namespace, dataConverter, identity: `dhc-bridge-${process.pid}` });
  const handle = (feed: string) => client.workflow.getHandle<typeof ingest>(ingestId(feed));

  async function progress(feed: string): Promise<IngestProgress | undefined> {
    try {
      const { status } = await handle(feed).describe();
      return status.name === 'RUNNING' ? await handle(feed).query<IngestProgress>(progressQuery) : undefined;
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw unreachable(error);
    }
  }

  return {
    schedules: schedules(client.schedule, options.timezone),
    progress,

    async start(feed, mode) {
      await client.workflow.signalWithStart<typeof ingest>('ingest', {
        workflowId: ingestId(feed),
        taskQueue: INGEST_QUEUE,
        args: [ingestInput(feed, mode)],
        signal: wakeSignal,
      });
    },

    async follow(feed, { signal, onProgress }) {
      const run = handle(feed);
      const first = await progress(feed);
      if (first?.mode === 'stay') return followStaying(run, first, { signal, onProgress });
      const cancel = () => void run.cancel().catch(() => {});
      if (signal?.aborted) cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      const ended = new AbortController();
      const watching = onProgress && watch(() => progress(feed), onProgress, ended.signal);
      try {
        const last = await run.result();
        onProgress?.(last);
        return last;
      } catch (error) {
        throw flowError(error);
      } finally {
        ended.abort();
        // A question still on its way when the connection closes would end the process from within gRPC's retry.
        await watching;
        signal?.removeEventListener('abort', cancel);
      }
    },

    wake: (feed) => passing(handle(feed).signal(wakeSignal)),
    resume: (feed) => passing(handle(feed).signal(resumeSignal)),

    async stop(feed) {
      await passing(handle(feed).cancel());
      await handle(feed)
        .result()
        .catch(() => {});
    },

    async requestAnchor({ chainId, signer }, batch) {
      await client.workflow.signalWithStart<typeof anchor, [string]>('anchor', {
        workflowId: anchorId(chainId, signer),
        taskQueue: ANCHOR_QUEUE,
        signal: enqueueSignal,
        signalArgs: [batch],
      });
    },

    async retrying() {
      try {
        return await retryingSteps(client);
      } catch (error) {
        throw unreachable(error);
      }
    },

    async takeOver(feeds, { chainId, signer }) {
      try {
        return await takeOver(client, [...feeds.map(ingestId), anchorId(chainId, signer)]);
      } catch (error) {
        throw unreachable(error);
      }
    },

    async close() {
      await retries.stop();
      await connection.close();
    },
  };
}

/** Asks again and again until `ended`; a question that fails is asked again. */
async function watch(
  ask: () => Promise<IngestProgress | undefined>,
  tell: (progress: IngestProgress) => void,
  ended: AbortSignal,
): Promise<void> {
  while (!ended.aborted) {
    const now = await ask().catch(() => undefined);
    if (now && !ended.aborted) tell(now);
    await delay(WATCH_MS, undefined, { signal: ended }).catch(() => {});
  }
}

/** A retry that comes due on a closed connection would end the process, so closing waits for the last and allows no more. */
function stoppableRetries(): { options: GrpcRetryOptions; stop(): Promise<void> } {
  const usual = defaultGrpcRetryOptions();
  let stopped = false;
  let due = 0;
  const options: GrpcRetryOptions = {
    retryableDecider: (attempt, status) => !stopped && usual.retryableDecider(attempt, status),
    delayFunction(attempt, status) {
      const ms = usual.delayFunction(attempt, status);
      due = Math.max(due, Date.now() + ms);
      return ms;
    },
  };
  return {
    options,
    async stop() {
      stopped = true;
      if (due > Date.now()) await new Promise((resolve) => setTimeout(resolve, due - Date.now() + 50));
    },
  };
}

/** Two ends of the source after the wake-up: the first may belong to a read that had begun before it. */
async function followStaying(
  run: WorkflowHandle<typeof ingest>,
  first: IngestProgress,
  { signal, onProgress }: FollowOptions,
): Promise<IngestProgress> {
  let last = first;
  let woken = -1;
  while (last.drains < first.drains + 2 && last.phase !== 'paused' && !signal?.aborted) {
    if (woken !== last.drains) await passing(run.signal(wakeSignal));
    woken = last.drains;
    await delay(WATCH_MS);
    last = await run.query<IngestProgress>(progressQuery);
    onProgress?.(last);
  }
  return last;
}

/** A workflow that has just ended needs no signal. */
async function passing(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError) && !(error instanceof ScheduleNotFoundError))
      throw unreachable(error);
  }
}

/** The code that the failing step gave, out of Temporal's wrappings. */
function flowError(error: unknown): BridgeError {
  let cause = error instanceof WorkflowFailedError ? error.cause : error;
  if (cause instanceof ActivityFailure) cause = cause.cause;
  if (cause instanceof ApplicationFailure && cause.type && Object.hasOwn(codes, cause.type)) {
    return new BridgeError(cause.type as ErrorCode, cause.message);
  }
  return unreachable(error);
}

function unreachable(error: unknown): BridgeError {
  return error instanceof BridgeError
    ? error
    : new BridgeError('service.failed', 'Temporal did not carry out a request', { cause: error });
}
