/**
 * What `dhc verify` says of a record that the hospital is not meant to open: claimed by its patient, or erased. All that
 * needs no key is checked as ever; what is left is named, and is no fault.
 */
import { OPENING_CHECKS } from '../../anchor/verify/key-checks.ts';
import { BridgeError } from '../../core/errors.ts';
import type { Verdict, VerdictCheck } from '../../core/types.ts';
import type { Closed } from './held-keys.ts';

/** `with-patient` and `erased`: every check passed that can be made without the key. */
export type Outcome = Verdict['status'] | Closed['why'];

/** @param packets reads the set of later key packets: their number */
export async function judge(
  verdict: Verdict,
  closed: Closed | undefined,
  packets: (set: string) => Promise<number>,
): Promise<{ verdict: Verdict; outcome: Outcome }> {
  if (!closed) return { verdict, outcome: verdict.status };
  const made = verdict.checks.map((check) =>
    check.status === 'unknown' && unopened(closed).includes(check.name) ? { ...check, detail: reason(closed) } : check,
  );
  const own = closed.why === 'erased' ? erasureCheck(closed) : await packetsCheck(closed, packets);
  const checks = [...made, ...own];
  const rest = [...made.filter(({ name }) => !unopened(closed).includes(name)), ...own];
  const has = (among: readonly VerdictCheck[], status: VerdictCheck['status']) =>
    among.some((check) => check.status === status);
  const status = has(checks, 'fail') ? 'fail' : has(checks, 'unknown') ? 'unknown' : 'pass';
  const outcome = status === 'fail' ? 'fail' : has(rest, 'unknown') ? 'unknown' : closed.why;
  return { verdict: { status, checks }, outcome };
}

function unopened({ why }: Closed): readonly string[] {
  // The hospital goes on making the tags of a patient who has claimed; the index key of an erased one is gone too.
  return why === 'erased' ? [...OPENING_CHECKS, 'tag'] : OPENING_CHECKS;
}

function reason(closed: Closed): string {
  return closed.why === 'erased'
    ? `erased ${closed.erasure.at}: no key any more`
    : 'not opened: key is with the patient';
}

function erasureCheck({ erasure }: Closed & { why: 'erased' }): VerdictCheck[] {
  const name = 'erasure';
  const { at, closed, anchored } = erasure;
  if (closed === true && anchored === true)
    return [{ name, status: 'pass', detail: `${at}: tried without success to open it, its anchor held` }];
  if (closed === false) return [{ name, status: 'fail', detail: `${at}: it could still be opened afterwards` }];
  return [
    { name, status: 'unknown', detail: `begun ${at} and not proved: run \`dhc erase\` again when all is anchored` },
  ];
}

async function packetsCheck(
  { capsules }: Closed & { why: 'with-patient' },
  packets: (set: string) => Promise<number>,
): Promise<VerdictCheck[]> {
  if (capsules === undefined) return [];
  const name = 'later key packets';
  try {
    return [{ name, status: 'pass', detail: `${await packets(capsules)} key packets of the claim, each block hashed` }];
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error;
    const absent = error.code === 'store.missing' || error.code === 'store.mismatch';
    return [{ name, status: absent ? 'fail' : 'unknown', detail: error.message }];
  }
}
