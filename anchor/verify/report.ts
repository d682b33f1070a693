/** Collects the named checks of one verification and decides what a failure means. */
import { BridgeError } from '../../core/errors.ts';
import type { Verdict, VerdictCheck } from '../../core/types.ts';

/** Thrown by a check that found something false; its text goes into the verdict and holds no patient value. */
export class Refuted extends Error {}

/** Thrown by a check that cannot be made. */
export class NotMade extends Error {}

/** What was read does not hold: a fail. All other errors mean that something could not be read: unknown. */
const REFUTING = new Set(['store.missing', 'store.mismatch', 'seal.open', 'receipt.format']);

export class Report {
  readonly #checks: VerdictCheck[] = [];

  /**
   * Makes one check and notes it.
   * @param make returns the detail to show and a value for later checks; throws when the check does not pass
   * @returns the value, or undefined when the check did not pass
   * @throws the signal's reason when it aborts
   */
  async check<T>(
    name: string,
    signal: AbortSignal,
    make: () => Promise<readonly [detail: string, value: T]>,
  ): Promise<T | undefined> {
    try {
      const [detail, value] = await make();
      this.#checks.push({ name, status: 'pass', detail });
      return value;
    } catch (error) {
      signal.throwIfAborted();
      this.#checks.push({ name, ...outcome(error) });
      return undefined;
    }
  }

  verdict(): Verdict {
    const has = (status: VerdictCheck['status']) => this.#checks.some((check) => check.status === status);
    return { status: has('fail') ? 'fail' : has('unknown') ? 'unknown' : 'pass', checks: this.#checks };
  }
}

/** The value of an earlier check. @throws NotMade when that check did not pass */
export function needs<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new NotMade(`needs "${name}"`);
  return value;
}

function outcome(error: unknown): Pick<VerdictCheck, 'status' | 'detail'> {
  if (error instanceof Refuted) return { status: 'fail', detail: error.message };
  if (error instanceof NotMade) return { status: 'unknown', detail: error.message };
  if (error instanceof BridgeError)
    return { status: REFUTING.has(error.code) ? 'fail' : 'unknown', detail: error.message };
  return { status: 'unknown', detail: 'the answer could not be read' };
}
