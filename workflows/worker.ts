/** The workers of one bridge: ingest steps, a few at a time, and anchoring, one at a time. */
import type { Context } from '@temporalio/activity';
import type { DataConverter } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { BridgeError } from '../core/errors.ts';
import { anchorActivities, ingestActivities, type StepDeps } from './activities/index.ts';
import { HEARTBEAT_MS, stepInterceptor } from './activities/step.ts';
import { workflowBundle } from './bundle.ts';
import { ANCHOR_QUEUE, INGEST_QUEUE } from './flows/contract.ts';
import { routeTemporalLogs } from './temporal-log.ts';

export interface WorkerOptions {
  /** host:port */
  readonly address: string;
  readonly namespace: string;
  readonly dataConverter: DataConverter;
  /** Folder for the bundled workflows. */
  readonly cache: string;
  readonly steps: Omit<StepDeps, 'stopping'>;
}

export interface RunningWorker {
  /** Steps in hand end at their next safe place; resolves when they have. */
  shutdown(): Promise<void>;
  /** Settles when the workers have ended; rejects when one failed. */
  readonly ended: Promise<void>;
}

/** Steps of different feeds at the same time; each holds a batch in memory. */
const CONCURRENT_STEPS = 4;
const CACHED_WORKFLOWS = 64;

/** @throws BridgeError `service.unreachable` */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { dataConverter, namespace } = options;
  const stopping = new AbortController();
  const steps: StepDeps = { ...options.steps, stopping: stopping.signal };
  routeTemporalLogs(steps.log);
  const codePath = await workflowBundle(options.cache);
  const connection = await NativeConnection.connect({ address: options.address }).catch((cause) => {
    throw new BridgeError('service.unreachable', 'Temporal does not answer', { cause });
  });
  const common = {
    connection,
    namespace,
    // Without the name of the machine.
    identity: `dhc-bridge-${process.pid}`,
    dataConverter,
    workflowBundle: { codePath },
    maxCachedWorkflows: CACHED_WORKFLOWS,
    maxHeartbeatThrottleInterval: HEARTBEAT_MS,
    // After a kill, the workflows of the dead worker's cache come to the next one after this long.
    stickyQueueScheduleToStartTimeout: '3 seconds' as const,
    shutdownGraceTime: '10 seconds' as const,
    interceptors: { activity: [(context: Context) => ({ inbound: stepInterceptor(context, steps.log) })] },
  };
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: INGEST_QUEUE,
      activities: ingestActivities(steps),
      maxConcurrentActivityTaskExecutions: CONCURRENT_STEPS,
    }),
    Worker.create({
      ...common,
      taskQueue: ANCHOR_QUEUE,
      activities: anchorActivities(steps),
      maxConcurrentActivityTaskExecutions: 1,
    }),
  ]);
  const ended = Promise.all(workers.map((worker) => worker.run()))
    .finally(() => connection.close())
    .then(() => {});
  ended.catch(() => steps.log.error('worker ended', { service: 'temporal' }));
  return {
    ended,
    async shutdown() {
      stopping.abort();
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended;
    },
  };
}
