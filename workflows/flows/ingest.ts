/** One feed, from its source to stored batches. The next batch is read while the last one is sealed and stored. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  isCancellation,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type IngestActivities,
  type IngestInput,
  type IngestProgress,
  progressQuery,
  type ReadReport,
  resumeSignal,
  wakeSignal,
} from './contract.ts';
import { BATCHES_A_RUN, REFUSAL_WAIT, REFUSALS_BEFORE_PAUSE, reading, working } from './policies.ts';

const { readBatch } = proxyActivities<Pick<IngestActivities, 'readBatch'>>(reading);
const { beginRun, endRun, openBatches, position, normalizeBatch, sealBatch, storeBatch } =
  proxyActivities<Omit<IngestActivities, 'readBatch'>>(working);

/** Cancelling ends it after the steps in hand; the next run picks up what is open. Never throws for a cancellation. */
export async function ingest(input: IngestInput): Promise<IngestProgress> {
  const flow = new Ingest(input);
  const cancelled = CancellationScope.current().cancelRequested.catch(() => flow.stop());
  // Steps in hand are finished, so cancellation must not reach them by itself.
  const result = await CancellationScope.nonCancellable(() => flow.run());
  void cancelled;
  if (result !== 'continue') return result;
  return continueAsNew<typeof ingest>({ ...input, progress: flow.progress });
}

class Ingest {
  readonly progress: IngestProgress;
  readonly #input: IngestInput;
  #stopping = false;
  #woken = false;
  #resumed = false;
  #refusals = 0;
  #reads = 0;
  #reading: CancellationScope | undefined;
  /** Settles when the batch before has been stored. */
  #last: Promise<void> = Promise.resolve();
  #lastError: unknown;

  constructor(input: IngestInput) {
    this.#input = input;
    this.progress = input.progress ?? {
      mode: input.mode,
      phase: 'finishing',
      run: workflowInfo().firstExecutionRunId,
      batches: 0,
      drains: 0,
      read: 0,
      duplicates: 0,
      deadLettered: 0,
      normalized: 0,
      stored: 0,
    };
    setHandler(defineQuery<IngestProgress>(progressQuery), () => this.progress);
    setHandler(defineSignal(wakeSignal), () => {
      this.#woken = true;
    });
    setHandler(defineSignal(resumeSignal), () => {
      this.#resumed = true;
    });
  }

  stop(): void {
    this.#stopping = true;
    this.#reading?.cancel();
  }

  async run(): Promise<IngestProgress | 'continue'> {
    const { feed, mode, progress: carried } = this.#input;
    const { run } = this.progress;
    const named = mode !== 'finish';
    if (named && !carried) await beginRun({ feed, run });
    try {
      await this.#finishOpen();
      if (named && (await this.#readOn()) === 'continue') return 'continue';
      while (this.#woken && !this.#stopping) await this.#finishOpen();
    } catch (error) {
      await this.#last;
      this.progress.phase = 'failed';
      this.progress.code = codeOf(error);
      if (named) await endRun({ run, state: 'failed' });
      throw error;
    }
    this.progress.phase = this.#stopping ? 'cancelled' : 'done';
    if (named) await endRun({ run, state: this.#stopping ? 'cancelled' : 'done' });
    return this.progress;
  }

  /** What an earlier run or a retry left between two steps. */
  async #finishOpen(): Promise<void> {
    this.#woken = false;
    for (const batch of await openBatches({ feed: this.#input.feed })) {
      if (this.#stopping) return;
      await this.#street(batch);
    }
  }

  async #readOn(): Promise<'continue' | 'end'> {
    while (!this.#stopping) {
      const report = await this.#read();
      if (report?.open) await this.#follow(report.batch);
      if (report?.drained && !(await this.#wait())) break;
      if (this.#reads >= BATCHES_A_RUN || workflowInfo().continueAsNewSuggested) {
        await this.#settled();
        return this.#stopping ? 'end' : 'continue';
      }
    }
    this.progress.phase = 'finishing';
    await this.#settled();
    return 'end';
  }

  /** Undefined when it was cancelled or the source was refused and has been waited for. */
  async #read(): Promise<ReadReport | undefined> {
    const { feed } = this.#input;
    this.progress.phase = 'reading';
    this.#reading = new CancellationScope({ cancellable: true });
    try {
      const seq = (await position({ feed })) + 1;
      const report = await this.#reading.run(() => readBatch({ feed, run: this.progress.run, seq }));
      this.#reads += 1;
      this.#refusals = 0;
      delete this.progress.code;
      this.progress.drains += report.drained ? 1 : 0;
      this.progress.batches += report.items > 0 ? 1 : 0;
      this.progress.read += report.items;
      this.progress.duplicates += report.duplicates;
      this.progress.deadLettered += report.deadLettered;
      return report;
    } catch (error) {
      if (isCancellation(error)) return undefined;
      await this.#refused(error);
      return undefined;
    }
  }

  /** One batch is on its way at most: memory and disk stay bounded when the source is faster than the street. */
  async #follow(batch: string): Promise<void> {
    await this.#settled();
    this.#last = this.#street(batch).catch((error) => {
      this.#lastError = error;
    });
  }

  async #settled(): Promise<void> {
    await this.#last;
    if (this.#lastError) throw this.#lastError;
  }

  async #street(batch: string): Promise<void> {
    const { normalized, deadLettered } = await normalizeBatch({ batch });
    this.progress.normalized += normalized;
    this.progress.deadLettered += deadLettered;
    if (normalized === 0 || this.#stopping) return;
    const sealed = await sealBatch({ batch });
    this.progress.deadLettered += sealed.deadLettered;
    if (sealed.sealed === 0 || this.#stopping) return;
    this.progress.stored += (await storeBatch({ batch })).stored;
  }

  /** @returns false when there is nothing to wait for */
  async #wait(): Promise<boolean> {
    await this.#settled();
    if (this.#input.mode !== 'stay') return false;
    this.progress.phase = 'waiting';
    await condition(() => this.#woken || this.#stopping, this.#input.pollMs);
    if (this.#woken) await this.#finishOpen();
    return true;
  }

  /** `stay` outlives a source that is being repaired; other modes fail with its error. */
  async #refused(error: unknown): Promise<void> {
    if (this.#input.mode !== 'stay') throw error;
    this.progress.code = codeOf(error);
    this.#refusals += 1;
    this.#resumed = false;
    if (this.#refusals < REFUSALS_BEFORE_PAUSE) {
      this.progress.phase = 'waiting';
      await condition(() => this.#resumed || this.#stopping, REFUSAL_WAIT);
      return;
    }
    this.progress.phase = 'paused';
    await condition(() => this.#resumed || this.#stopping);
    this.#refusals = 0;
  }
}

function codeOf(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure && cause.type ? cause.type : 'item.internal';
}
