/** Structure, cardinality and FHIRPath invariants by `@medplum/core`, on a parsed copy. */
import { OperationOutcomeError, validateResource } from '@medplum/core';
import type { Issue } from '../../core/types.ts';
import { loadDefinitions } from './definitions.ts';

/** @param resource plain JSON values; may be changed */
export function medplumIssues(resource: unknown): Issue[] {
  loadDefinitions();
  try {
    return issues(validateResource(resource as never));
  } catch (error) {
    if (error instanceof OperationOutcomeError) return issues(error.outcome.issue ?? []);
    return [{ severity: 'error', code: 'fhir.structure', path: '', detail: 'the resource cannot be read as R4' }];
  }
}

type Found = NonNullable<OperationOutcomeError['outcome']['issue']>[number];

/** Medplum's warnings say that a `urn:uuid` reference names no type; reference targets are our own rule. */
function issues(found: readonly Found[]): Issue[] {
  return found.filter((one) => !one.details?.text?.startsWith('Invalid reference')).map(issueOf);
}

function issueOf(found: Found): Issue {
  const text = found.details?.text ?? '';
  const invariant = /^Constraint (\S+) not met/.exec(text)?.[1];
  return {
    severity: found.severity === 'warning' || found.severity === 'information' ? found.severity : 'error',
    code: invariant ? 'fhir.invariant' : found.code === 'value' ? 'fhir.value' : 'fhir.structure',
    path: safePath(found.expression?.[0] ?? ''),
    detail: invariant ? text : fixedPhrase(text),
  };
}

/** Names of unknown properties and offending values come from the data: only the phrase before them is kept. */
function fixedPhrase(text: string): string {
  return text.replaceAll(/["'(:].*$/gs, '').trim() || 'the element breaks R4';
}

function safePath(path: string): string {
  return path.replaceAll(/[^A-Za-z0-9_.[\]]/g, '?').slice(0, 200);
}
