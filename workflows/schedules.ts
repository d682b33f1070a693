/** When feeds are read by themselves: Temporal schedules, one a feed. */
import {
  ScheduleAlreadyRunning,
  type ScheduleClient,
  type ScheduleDescription,
  ScheduleNotFoundError,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import { BridgeError } from '../core/errors.ts';
import { INGEST_QUEUE, ingestInput } from './flows/contract.ts';

/** One of both: an interval such as `15m`, or a cron expression in the hospital's zone. */
export interface ScheduleTimes {
  readonly every?: string | undefined;
  readonly cron?: string | undefined;
}

export interface ScheduleRow {
  readonly feed: string;
  readonly paused: boolean;
  readonly note: string;
  readonly next: string | null;
  readonly last: string | null;
  /** Runs that were left out because the bridge or Temporal was down for longer than the catch-up window. */
  readonly missed: number;
}

export interface Schedules {
  /** Makes it or changes its times; a pause stays. */
  set(feed: string, times: ScheduleTimes): Promise<void>;
  pause(feed: string, note: string): Promise<void>;
  resume(feed: string): Promise<void>;
  list(): Promise<ScheduleRow[]>;
  /** @returns whether there was one */
  remove(feed: string): Promise<boolean>;
}

const PREFIX = 'feed:';
/** A run that was due while the machine was down is made up for within this time. */
const CATCH_UP = '1 hour';

export function schedules(client: ScheduleClient, timezone: string): Schedules {
  const handle = (feed: string) => client.getHandle(`${PREFIX}${feed}`);
  return {
    async set(feed, times) {
      const options = scheduleOptions(feed, times, timezone);
      try {
        await client.create(options);
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning)) throw error;
        await handle(feed).update((previous) => ({ ...previous, spec: options.spec, action: options.action }));
      }
    },
    pause: (feed, note) => named(feed, handle(feed).pause(note)),
    resume: (feed) => named(feed, handle(feed).unpause()),
    async list() {
      const rows: ScheduleRow[] = [];
      for await (const { scheduleId } of client.list()) {
        if (scheduleId.startsWith(PREFIX)) rows.push(scheduleRow(await client.getHandle(scheduleId).describe()));
      }
      return rows.sort((a, b) => (a.feed < b.feed ? -1 : 1));
    },
    async remove(feed) {
      try {
        await handle(feed).delete();
        return true;
      } catch (error) {
        if (error instanceof ScheduleNotFoundError) return false;
        throw error;
      }
    },
  };
}

function scheduleOptions(feed: string, { every, cron }: ScheduleTimes, timezone: string) {
  return {
    scheduleId: `${PREFIX}${feed}`,
    spec: {
      ...(every === undefined ? {} : { intervals: [{ every: every as `${number}m` }] }),
      ...(cron === undefined ? {} : { cronExpressions: [cron] }),
      timezone,
    },
    action: {
      type: 'startWorkflow',
      workflowType: 'scheduledIngest',
      workflowId: `scheduled:${feed}`,
      taskQueue: INGEST_QUEUE,
      args: [ingestInput(feed, 'drain')],
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP },
  } satisfies ScheduleOptions;
}

function scheduleRow({ scheduleId, state, info }: ScheduleDescription): ScheduleRow {
  return {
    feed: scheduleId.slice(PREFIX.length),
    paused: state.paused,
    note: state.note ?? '',
    next: info.nextActionTimes[0]?.toISOString() ?? null,
    last: info.recentActions.at(-1)?.takenAt.toISOString() ?? null,
    missed: Number(info.numActionsMissedCatchupWindow),
  };
}

async function named(feed: string, call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    throw new BridgeError('cli.not-found', `the feed ${feed} has no schedule`);
  }
}
