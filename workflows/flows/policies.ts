/** How long steps may take and how they are repeated: the one place. Only transient and ambiguous errors come back. */
import type { ActivityOptions } from '@temporalio/workflow';
import { INGEST_QUEUE } from './contract.ts';

/** A step whose worker was killed begins again after this long. Workers report far more often, see `step.ts`. */
const HEARTBEAT = '20 seconds';

/** A source that stays away fails its run after about two minutes; the next run goes on where this one stopped. */
export const reading: ActivityOptions = {
  taskQueue: INGEST_QUEUE,
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '30 seconds', maximumAttempts: 7 },
};

/** Our own services come back: what has been read is worked on until it is done. */
export const working: ActivityOptions = {
  taskQueue: INGEST_QUEUE,
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '500 milliseconds', backoffCoefficient: 2, maximumInterval: '60 seconds' },
};

export const anchoring: ActivityOptions = {
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: HEARTBEAT,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '60 seconds' },
};

export const BATCHES_A_RUN = 50;
/** A source that refuses for good is asked this often before the feed pauses. */
export const REFUSALS_BEFORE_PAUSE = 3;
export const REFUSAL_WAIT = '20 seconds';
