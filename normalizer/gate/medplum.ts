/** Structure, cardinality and FHIRPath invariants by `@medplum/core`, on a parsed copy. */
import { OperationOutcomeError, validateResource } from '@medplum/core';
import type { Issue } from '../../core/types.ts';
import { isTree } from '../tree.ts';
import { loadDefinitions } from './definitions.ts';

/**
 * Medplum judges the invariants of the resource that it is given, not of those within: each resource of a Bundle is
 * given by itself. The outermost Bundle is our own work, which the walk checks.
 * @param bundle plain JSON values; may be changed
 */
export function medplumIssues(bundle: { entry?: { resource?: unknown }[] }): Issue[] {
  loadDefinitions();
  return (bundle.entry ?? []).flatMap(({ resource }, index) =>
    resourceIssues(resource, `Bundle.entry[${index}].resource`),
  );
}

function resourceIssues(resource: unknown, path: string): Issue[] {
  const own = validate(resource, path);
  if (!isTree(resource)) return own;
  const entries = resource.resourceType === 'Bundle' && Array.isArray(resource.entry) ? resource.entry : [];
  const within = entries.flatMap((entry, index) =>
    isTree(entry) && entry.resource ? resourceIssues(entry.resource, `${path}.entry[${index}].resource`) : [],
  );
  return [...own, ...within];
}

function validate(resource: unknown, path: string): Issue[] {
  try {
    return issues(validateResource(resource as never), path);
  } catch (error) {
    if (error instanceof OperationOutcomeError) return issues(error.outcome.issue ?? [], path);
    return [{ severity: 'error', code: 'fhir.structure', path, detail: 'the resource cannot be read as R4' }];
  }
}

type Found = NonNullable<OperationOutcomeError['outcome']['issue']>[number];

/** References and unknown properties (whose names are data) are our own rules. */
const OURS = /^Invalid (reference|additional property)/;

function issues(found: readonly Found[], path: string): Issue[] {
  return found.filter((one) => !OURS.test(one.details?.text ?? '')).map((one) => issueOf(one, path));
}

function issueOf(found: Found, path: string): Issue {
  const text = found.details?.text ?? '';
  const invariant = /^Constraint (\S+) not met/.exec(text)?.[1];
  return {
    severity: found.severity === 'warning' || found.severity === 'information' ? found.severity : 'error',
    code: invariant ? 'fhir.invariant' : found.code === 'value' ? 'fhir.value' : 'fhir.structure',
    path: path + safePath((found.expression?.[0] ?? '').replace(/^[A-Za-z]+/, '')),
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
