/** Steps that Temporal holds as begun or waiting for their next attempt, of the workflows of one bridge. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { codes, type ErrorCode } from '../core/codes.ts';

const { PendingActivityState } = proto.temporal.api.enums.v1;

export interface RetryingStep {
  /** `ingest:<feed>` or `anchor:<chain>:<account>`. */
  readonly workflow: string;
  /** Name of the activity, e.g. `readBatch`. */
  readonly step: string;
  /** The attempt that runs or comes next; from 2. */
  readonly attempt: number;
  /** Of the last attempt that failed; null where the worker died or stopped in the middle. */
  readonly code: ErrorCode | null;
  /** When the next attempt begins; null while it runs. */
  readonly next: string | null;
}

/** What is being repeated at this moment, in all workflows that run. */
export async function retryingSteps(client: Client): Promise<RetryingStep[]> {
  const found: RetryingStep[] = [];
  for await (const { workflowId } of client.workflow.list({ query: "ExecutionStatus = 'Running'" })) {
    for (const activity of await pendingOf(client, workflowId)) {
      const attempt = Number(activity.attempt ?? 1);
      if (attempt < 2) continue;
      const type = activity.lastFailure?.applicationFailureInfo?.type ?? '';
      found.push({
        workflow: workflowId,
        step: activity.activityType?.name ?? '',
        attempt,
        code: Object.hasOwn(codes, type) ? (type as ErrorCode) : null,
        next: isStarted(activity) ? null : timeOf(activity.scheduledTime),
      });
    }
  }
  return found;
}

/**
 * Steps that a killed worker had begun come back at once, instead of when their heartbeat is missed, and its workflows
 * do not wait for its cache. To be called by the holder of the worker's lock before its worker begins: then nobody
 * else can be at work on them, and every step looks first what is already done.
 * @returns how many steps were given back
 */
export async function takeOver(client: Client, workflows: readonly string[]): Promise<number> {
  const { namespace } = client.options;
  let count = 0;
  for (const workflowId of workflows) {
    for (const activity of (await pendingOf(client, workflowId)).filter(isStarted)) {
      await client.workflowService.respondActivityTaskFailedById({
        namespace,
        workflowId,
        activityId: activity.activityId,
        failure: { message: 'the worker was killed', applicationFailureInfo: { type: 'service.failed' } },
      });
      count += 1;
    }
    await client.workflowService.resetStickyTaskQueue({ namespace, execution: { workflowId } }).catch(() => {});
  }
  return count;
}

type PendingActivity = proto.temporal.api.workflow.v1.IPendingActivityInfo;

async function pendingOf(client: Client, workflowId: string): Promise<PendingActivity[]> {
  try {
    const { raw } = await client.workflow.getHandle(workflowId).describe();
    return raw.pendingActivities ?? [];
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return [];
    throw error;
  }
}

function isStarted({ state }: PendingActivity): boolean {
  return state === PendingActivityState.PENDING_ACTIVITY_STATE_STARTED;
}

function timeOf(time: { seconds?: unknown } | null | undefined): string | null {
  return time ? new Date(Number(time.seconds) * 1000).toISOString() : null;
}
