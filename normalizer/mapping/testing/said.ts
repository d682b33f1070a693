/** What is compared of a result that was made with a trace and one that was not. */
import type { Normalized, Rejected } from '../../../core/types.ts';

/** All but the trace; the bundle by its bytes. */
export function said(result: Normalized | Rejected) {
  const { status, issues, coverage } = result;
  if (result.status === 'rejected') return { status, issues, coverage };
  return { status, issues, coverage, quality: result.quality, bundle: Buffer.from(result.bytes).toString() };
}
