/** What of a bundle counts for its quality, and walks over it. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Resource = { readonly resourceType: string; readonly [key: string]: Json };

/** Made by the bridge about the record, not content of it. */
const TECHNICAL = new Set(['Provenance', 'Binary', 'Device', 'OperationOutcome']);
/** Who and where: the same in many records without making them less. */
const ACTORS = new Set(['Patient', 'Practitioner', 'PractitionerRole', 'RelatedPerson', 'Organization', 'Location']);

export interface Parts {
  readonly clinical: readonly Resource[];
  readonly actors: readonly Resource[];
}

export function partsOf(bundle: Json): Parts {
  const entries = (bundle as { entry?: readonly { resource?: Resource }[] } | null)?.entry ?? [];
  const resources = entries.flatMap(({ resource }) => (resource ? [resource] : []));
  return {
    clinical: resources.filter(({ resourceType }) => !TECHNICAL.has(resourceType) && !ACTORS.has(resourceType)),
    actors: resources.filter(({ resourceType }) => ACTORS.has(resourceType)),
  };
}

/** Every value that holds no others, with the names that lead to it; places in lists do not count. */
export function* leaves(value: Json, path: string): Generator<readonly [path: string, key: string, leaf: string]> {
  if (Array.isArray(value)) for (const one of value) yield* leaves(one, path);
  else if (typeof value === 'object' && value !== null)
    for (const [key, one] of Object.entries(value)) {
      if (typeof one === 'object' && one !== null) yield* leaves(one, `${path}.${key}`);
      else yield [`${path}.${key}`, key, String(one)];
    }
}
