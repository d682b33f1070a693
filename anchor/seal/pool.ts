/** Seals records on worker threads: sealing is half of the street's work, and the other half needs its core. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ErrorCode } from '../../core/codes.ts';
import { BridgeError } from '../../core/errors.ts';
import { packetsByName } from './key-packet.ts';
import type { RecordInput, SealedBytes } from './record.ts';

/** Threads beyond the second wait for what follows sealing. */
const MOST_THREADS = 2;

/** What goes to a thread. */
export interface SealTask {
  readonly id: number;
  readonly records: readonly RecordInput[];
}

/** What comes back, in the same order; a record that cannot be sealed has its error's code. */
export interface SealAnswer {
  readonly id: number;
  readonly sealed: readonly (SealedBytes | { readonly code: ErrorCode })[];
}

interface Waiting {
  readonly resolve: (sealed: (SealedBytes | BridgeError)[]) => void;
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
   * @returns in the same order, an error in the place of a record that cannot be sealed
   * @throws BridgeError `service.failed` when a thread died
   */
  seal(records: readonly RecordInput[]): Promise<(SealedBytes | BridgeError)[]> {
    const thread = this.#idlest();
    const id = this.#next++;
    // Only what sealing needs: no private key goes to a thread.
    const plain = records.map((record) => ({ ...record, patient: sealingKeys(record) }));
    const sealed = new Promise<(SealedBytes | BridgeError)[]>((resolve, reject) => {
      thread.waiting.set(id, { resolve, reject });
    });
    thread.worker.ref();
    thread.worker.postMessage({ id, records: plain } satisfies SealTask);
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
    worker.on('message', ({ id, sealed }: SealAnswer) => {
      thread.waiting.get(id)?.resolve(sealed.map(received));
      thread.waiting.delete(id);
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

/** In custody the Umbral key follows from the secret, which stays here. */
function sealingKeys({ patient, keyPacket }: RecordInput): RecordInput['patient'] {
  const { x25519Public, indexKey, sealKey } = patient;
  const umbralPublic = keyPacket === 'umbral' ? packetsByName.umbral.publicKey(patient) : undefined;
  return { x25519Public, ...(umbralPublic && { umbralPublic }), indexKey, sealKey };
}

function received(one: SealAnswer['sealed'][number]): SealedBytes | BridgeError {
  return 'code' in one ? new BridgeError(one.code, 'a record could not be sealed') : one;
}
