/** What a message takes back: HL7 v2 deletes a value by two quotation marks, and the bridge names the element in an extension. */
import type { Resource } from './current.ts';

/** `valueCode`: the element, or a part of it (`period.end`). */
const DELETED = 'urn:dhc:extension:deleted';

interface Extension {
  readonly url?: string;
  readonly valueCode?: string;
}

/** @returns the elements that the message deletes, and the resource without saying so */
export function withoutDeletions(resource: Resource): { readonly deleted: readonly string[]; readonly rest: Resource } {
  const extensions = resource.extension as readonly Extension[] | undefined;
  const deleted = (extensions ?? []).flatMap(({ url, valueCode }) => (url === DELETED ? (valueCode ?? []) : []));
  if (deleted.length === 0) return { deleted, rest: resource };
  const { extension: _all, ...rest } = resource;
  const others = extensions!.filter(({ url }) => url !== DELETED);
  return { deleted, rest: others.length > 0 ? { ...rest, extension: others } : rest };
}

/** Leaves out an element, in all its forms (`_birthDate`, `deceasedBoolean`), or a part of one. */
export function erase(resource: Resource, path: string, elementOf: (name: string) => string): Resource {
  const [element, part] = path.split('.') as [string, string?];
  return Object.fromEntries(
    Object.entries(resource).flatMap(([name, value]) => {
      if (elementOf(name) !== element) return [[name, value]];
      if (part === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) return [];
      const { [part]: _gone, [`_${part}`]: _beside, ...kept } = value as Record<string, unknown>;
      return Object.keys(kept).length > 0 ? [[name, kept]] : [];
    }),
  ) as unknown as Resource;
}
