/** A token bucket: at most so many rows a second on average, with bursts of one second's worth. */
import { setTimeout as sleep } from 'node:timers/promises';

export class RowRate {
  readonly #perSecond: number;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  /** @param now milliseconds that only grow */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#tokens = perSecond;
    this.#filledAt = now();
  }

  /** Until rows may be asked for again. @throws the signal's reason */
  async wait(signal: AbortSignal): Promise<void> {
    for (let ms = this.missingMs(); ms > 0; ms = this.missingMs()) await sleep(Math.ceil(ms), undefined, { signal });
    signal.throwIfAborted();
  }

  spend(rows: number): void {
    this.#tokens -= rows;
  }

  /** Milliseconds until the bucket is no longer overdrawn. */
  missingMs(): number {
    const now = this.#now();
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#filledAt) * this.#perSecond) / 1000);
    this.#filledAt = now;
    return this.#tokens > 0 ? 0 : (1 - this.#tokens) * (1000 / this.#perSecond);
  }
}
