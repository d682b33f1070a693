/** The gate: nothing that is not valid R4 leaves the normaliser. Errors refuse the item, warnings go with it. */
import type { Issue } from '../../core/types.ts';
import { medplumIssues } from './medplum.ts';

/**
 * @param bundle with lossless numbers
 * @param text its canonical JSON, from which the checks take their copy
 */
export function checkBundle(_bundle: fhir4.Bundle, text: string): Issue[] {
  return medplumIssues(JSON.parse(text));
}
