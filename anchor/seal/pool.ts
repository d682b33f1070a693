/** Seals, names and measures records on worker threads: most of the street's work, and the rest needs its core. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { BridgeError } from '../../core/errors.ts';
import type { NamedRecord, RecordToSeal } from './named.ts';
import { ofAnswer, type SealAnswer, toTask, transferred } from './wire.ts';

/** Threads beyond the second wait for what follows sealing. */
const MOST_THREADS = 2;

interface Waiting {
  readonly resolve: (sealed: (NamedRecord | BridgeError)[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

export class SealPool {
  readonly #size: number;
  readonly #threads: Thread[] = [];
  #next = 0;

  /** Threads start when they are first needed. @param size default: two, or one on a machine with one core */
  constructor(size = Math.min(MOST_THREADS, availableParallelism())) {
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * @param records some tens or hundreds of small ones; all their bytes are copied
   * @param likenessKey of the hospital, for the quality of records that state what was mapped
   * @returns in the same order, an error in the place of a record that cannot be sealed
   * @throws BridgeError `service.failed` when a thread died
   */
  seal(records: readonly RecordToSeal[], likenessKey?: Uint8Array): Promise<(NamedRecord | BridgeError)[]> {
    const thread = this.#idlest();
    const task = toTask(this.#next++, records, likenessKey);
    const sealed = new Promise<(NamedRecord | BridgeError)[]>((resolve, reject) => {
      thread.waiting.set(task.id, { resolve, reject });
    });
    thread.worker.ref();
    thread.worker.postMessage(task, transferred(task));
    return sealed;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.splice(0).map(({ worker }) => worker.terminate()));
  }

  #idlest(): Thread {
    const idle = this.#threads.find(({ waiting }) => waiting.size === 0);
    if (idle) return idle;
    if (this.#threads.length < this.#size) return this.#start();
    return this.#threads.reduce((least, one) => (one.waiting.size < least.waiting.size ? one : least));
  }

  #start(): Thread {
    const worker = new Worker(new URL('./worker.ts', import.meta.url));
    const thread: Thread = { worker, waiting: new Map() };
    worker.on('message', (answer: SealAnswer) => {
      thread.waiting.get(answer.id)?.resolve(ofAnswer(answer));
      thread.waiting.delete(answer.id);
      // An idle thread does not keep the process from ending.
      if (thread.waiting.size === 0) worker.unref();
    });
    const died = (cause: unknown) => {
      const at = this.#threads.indexOf(thread);
      if (at >= 0) this.#threads.splice(at, 1);
      for (const { reject } of thread.waiting.values())
        reject(new BridgeError('service.failed', 'a sealing thread ended', { cause }));
      thread.waiting.clear();
    };
    worker.on('error', died);
    worker.on('exit', died);
    this.#threads.push(thread);
    return thread;
  }
}
