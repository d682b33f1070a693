/** What workflows and activities say to each other: ids, counts and words of ours, nothing else. */

export const INGEST_QUEUE = 'ingest';
/** One activity at a time: it owns the signer's nonce. */
export const ANCHOR_QUEUE = 'anchor';

/**
 * - `drain`: until the source has nothing more at this moment
 * - `stay`: until cancelled, polling and on wake-up
 * - `finish`: reads nothing; finishes the batches that are between two steps
 */
export type IngestMode = 'drain' | 'stay' | 'finish';

export interface IngestInput {
  readonly feed: string;
  readonly mode: IngestMode;
  /** Between two polls in `stay`. */
  readonly pollMs: number;
  /** Carried over by continue-as-new. */
  readonly progress?: IngestProgress;
}

export interface IngestProgress {
  readonly mode: IngestMode;
  /** `paused`: the source refuses for good; waits for `resume`. */
  phase: 'reading' | 'waiting' | 'paused' | 'finishing' | 'done' | 'cancelled' | 'failed';
  run: string;
  batches: number;
  /** How often the source had nothing new. */
  drains: number;
  read: number;
  duplicates: number;
  deadLettered: number;
  normalized: number;
  stored: number;
  /** Code of the last error of the source, where there is one. */
  code?: string;
}

export interface BatchReport {
  readonly batch: string;
  readonly items: number;
  readonly duplicates: number;
  readonly deadLettered: number;
}

export interface ReadReport extends BatchReport {
  /** Something is left to normalise. */
  readonly open: boolean;
  /** The source had nothing new. */
  readonly drained: boolean;
}

/** One step on one batch each; all may be repeated. Errors are `ApplicationFailure`s whose type is a code. */
export interface IngestActivities {
  beginRun(input: { feed: string; run: string }): Promise<void>;
  endRun(input: { run: string; state: 'done' | 'cancelled' | 'failed' }): Promise<void>;
  /** Ids of batches that were read and not yet stored, oldest first. */
  openBatches(input: { feed: string }): Promise<string[]>;
  readBatch(input: { feed: string; run: string; seq: number }): Promise<ReadReport>;
  /** Number of the feed's committed reads. */
  position(input: { feed: string }): Promise<number>;
  normalizeBatch(input: { batch: string }): Promise<{ normalized: number; deadLettered: number }>;
  sealBatch(input: { batch: string }): Promise<{ sealed: number; deadLettered: number }>;
  /** Ends with the hand-over to the anchor workflow. */
  storeBatch(input: { batch: string }): Promise<{ stored: number }>;
}

export interface AnchorActivities {
  /** Anchors all stored batches and watches them until they are final, for at most about half an hour. */
  anchorStored(): Promise<{ idle: boolean }>;
}

export const progressQuery = 'progress';
export const wakeSignal = 'wake';
export const resumeSignal = 'resume';
export const enqueueSignal = 'enqueue';

export function ingestId(feed: string): string {
  return `ingest:${feed}`;
}

export function anchorId(chainId: string, signer: string): string {
  return `anchor:${chainId}:${signer}`;
}

/** A feed that is read continuously is looked at this often, and at once when something was pushed. */
const POLL_MS = 5_000;

export function ingestInput(feed: string, mode: IngestMode): IngestInput {
  return { feed, mode, pollMs: POLL_MS };
}
