/**
 * How complete a record is, 0 to 1: a weighted mean over dimensions that a user of the data asks for. A dimension of
 * which a record has nothing to count (no codes, no person) is left out, and the others share its weight.
 */
import { type Json, partsOf, type Resource } from './tree.ts';

/** docs/decisions/0107 says why these. */
const WEIGHTS = { mapped: 40, coded: 20, dated: 15, identified: 15, attributed: 10 } as const;

const DATE =
  /^(effective|performed|occurrence|onset)[A-Z]|^(issued|authoredOn|recordedDate|date|period|started|created)$/;
const ATTRIBUTION = new Set([
  'performer',
  'author',
  'requester',
  'recorder',
  'asserter',
  'participant',
  'serviceProvider',
  'custodian',
  'interpreter',
  'resultsInterpreter',
]);
const PERSON = ['identifier', 'name', 'gender', 'birthDate'] as const;

/** @param mapped share of the source's populated places that reached the bundle, 0 to 1 */
export function completeness(bundle: Json, mapped: number): number {
  const { clinical, actors } = partsOf(bundle);
  const shares: Record<keyof typeof WEIGHTS, number | undefined> = {
    mapped,
    coded: coded(clinical),
    dated: share(clinical, (resource) => Object.keys(resource).some((key) => DATE.test(key))),
    identified: mean(actors.filter(isPatient).map((patient) => share(PERSON, (field) => field in patient)!)),
    attributed: share(clinical, (resource) => Object.keys(resource).some((key) => ATTRIBUTION.has(key))),
  };
  let weighed = 0;
  let weight = 0;
  for (const [name, points] of Object.entries(WEIGHTS)) {
    const value = shares[name as keyof typeof WEIGHTS];
    if (value === undefined) continue;
    weighed += points * value;
    weight += points;
  }
  return weighed / weight;
}

/** Share of the concepts that carry a code of a published system: a URL, not a number of our own house. */
function coded(resources: readonly Resource[]): number | undefined {
  let concepts = 0;
  let published = 0;
  const look = (value: Json): void => {
    if (Array.isArray(value)) for (const one of value) look(one);
    else if (typeof value === 'object' && value !== null) {
      const { coding } = value as { coding?: Json };
      if (Array.isArray(coding)) {
        concepts++;
        if (coding.some(isPublished)) published++;
      } else for (const one of Object.values(value)) look(one);
    }
  };
  look(resources);
  return concepts === 0 ? undefined : published / concepts;
}

function isPublished(coding: Json): boolean {
  const { system, code } = coding as { system?: Json; code?: Json };
  return typeof code === 'string' && typeof system === 'string' && /^https?:\/\//.test(system);
}

function isPatient({ resourceType }: Resource): boolean {
  return resourceType === 'Patient';
}

function share<T>(all: readonly T[], holds: (one: T) => boolean): number | undefined {
  return all.length === 0 ? undefined : all.filter(holds).length / all.length;
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
