/** Around every activity: heartbeats, time, and the one mapping of errors to what Temporal repeats. */

import { ApplicationFailure, CancelledFailure, type Context } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { BridgeError } from '../../core/errors.ts';
import type { Log } from '../../core/types.ts';

export const HEARTBEAT_MS = 4_000;
/** SQLite result codes (sqlite.org/rescode.html) that may pass: BUSY, LOCKED, IOERR, FULL. */
const SQLITE_TRANSIENT = new Set([5, 6, 10, 13]);

export function stepInterceptor(context: Context, log: Log): ActivityInboundCallsInterceptor {
  return {
    async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>) {
      const timer = setInterval(() => context.heartbeat(), HEARTBEAT_MS);
      try {
        return await next(input);
      } catch (error) {
        if (context.cancellationSignal.aborted) throw ended(context.cancellationSignal.reason);
        const known = stepError(error);
        const { code, stage, kind } = known;
        log[kind === 'permanent' ? 'error' : 'warn']('step failed', { code, stage, status: context.info.activityType });
        throw toFailure(known);
      } finally {
        clearInterval(timer);
      }
    },
  };
}

/** Asked for by the workflow, or only the end of this worker: then the step is repeated by the next one. */
function ended(reason: unknown): Error {
  const asked = reason instanceof CancelledFailure && reason.message === 'CANCELLED';
  return asked ? reason : ApplicationFailure.create({ message: 'the worker stopped', type: 'service.failed' });
}

/** What is thrown by others is named here; its text stays behind. */
export function stepError(error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  const { errcode, code } = (error ?? {}) as { errcode?: number; code?: string };
  const passing =
    (errcode !== undefined && SQLITE_TRANSIENT.has(errcode & 0xff)) || code === 'ENOSPC' || code === 'EIO';
  return passing
    ? new BridgeError('service.failed', 'the data folder could not be written', {
        cause: error,
        hint: 'free disk space in the data folder; the step is repeated by itself',
      })
    : new BridgeError('item.internal', 'a step failed in a way it should not', { cause: error });
}

/** Only permanent errors end the repetition; an ambiguous step is repeated because every step looks up first. */
export function toFailure(error: BridgeError): ApplicationFailure {
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: error.kind === 'permanent',
    details: [error.stage],
  });
}
