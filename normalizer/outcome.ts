/** How an item is refused: one code, its issues, and the same as an OperationOutcome for the dead letter. */
import { codes, type ErrorCode } from '../core/codes.ts';
import { BridgeError } from '../core/errors.ts';
import type { Coverage, Issue, Rejected } from '../core/types.ts';

/** @param issues the faults found; without any, one issue is made of code and detail */
export function reject(
  code: ErrorCode,
  detail: string,
  issues: readonly Issue[] = [{ severity: 'error', code, path: '', detail }],
  coverage?: Coverage,
): Rejected {
  return { status: 'rejected', code, issues, outcome: operationOutcome(issues), ...(coverage ? { coverage } : {}) };
}

/** A thrown error as a refusal; what is not ours is a fault of the bridge and is not quoted. */
export function rejectError(error: unknown): Rejected {
  if (error instanceof BridgeError) return reject(error.code, error.message);
  return reject('item.internal', 'the bridge failed on this item');
}

function operationOutcome(issues: readonly Issue[]): fhir4.OperationOutcome {
  return {
    resourceType: 'OperationOutcome',
    issue: issues.map((issue) => ({
      severity: issue.severity,
      code: issueType(issue.code),
      details: { text: issue.detail || codes[issue.code].hint, coding: [{ system: 'urn:dhc:code', code: issue.code }] },
      ...(issue.path ? { expression: [issue.path] } : {}),
    })),
  };
}

/** R4 issue-type for our codes (http://hl7.org/fhir/issue-type). */
function issueType(code: ErrorCode): fhir4.OperationOutcomeIssue['code'] {
  switch (code) {
    case 'fhir.value':
    case 'field.invalid':
      return 'value';
    case 'fhir.binding':
    case 'code.unmapped':
      return 'code-invalid';
    case 'fhir.invariant':
      return 'invariant';
    case 'item.unsupported':
      return 'not-supported';
    case 'item.no-patient':
    case 'field.missing':
      return 'required';
    case 'item.internal':
      return 'exception';
    default:
      return 'structure';
  }
}
