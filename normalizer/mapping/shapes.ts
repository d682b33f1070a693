/** R4 definitions as the compiler asks for them. */
import { definitionOf } from '../gate/definitions.ts';
import { type Property, shapeOf } from '../gate/shapes.ts';

export interface Element {
  /** As the map writes it: `value`, `valueQuantity`, `birthDate`. */
  readonly name: string;
  /** JSON property by R4 type; one, unless the choice is left to the value. */
  readonly properties: ReadonlyMap<string, { readonly name: string; readonly property: Property }>;
  readonly array: boolean;
  /** `value[x]`, where it is one type or all of a choice. */
  readonly choice: string | undefined;
}

/** Elements that maps do not write: the house makes ids, and nothing is contained. */
export const NOT_WRITTEN: Readonly<Record<string, string>> = {
  id: 'ids are made from the key',
  contained: 'make a resource of its own and refer to it',
  resourceType: 'the type is the first line of the resource',
};

/** @returns undefined where the type has no such element */
export function elementOf(type: string, name: string): Element | undefined {
  const shape = shapeOf(type);
  if (!shape) return undefined;
  const property = shape.get(name);
  if (property)
    return {
      name,
      properties: new Map([[property.type, { name, property }]]),
      array: property.array,
      choice: property.choice,
    };
  const properties = new Map<string, { name: string; property: Property }>();
  for (const [own, one] of shape)
    if (one.choice === `${name}[x]`) properties.set(one.type, { name: own, property: one });
  return properties.size > 0 ? { name, properties, array: false, choice: `${name}[x]` } : undefined;
}

/** Names of the elements of a type, choices without their types. */
export function elementNames(type: string): string[] {
  return Object.keys(definitionOf(type)?.elements ?? {}).map((name) => name.replace('[x]', ''));
}

/** Types of the choice that a name such as `valueInt` seems to mean. */
export function choiceTypes(type: string, name: string): { choice: string; types: string[] } | undefined {
  const choices = Object.entries(definitionOf(type)?.elements ?? {}).filter(([key]) => key.endsWith('[x]'));
  const found = choices.find(([key]) => name.startsWith(key.slice(0, -3)) && name.length > key.length - 3);
  return found ? { choice: found[0], types: found[1].type.map((one) => one.code) } : undefined;
}

/** Elements that R4 demands, as a map writes them. */
export function requiredElements(type: string): { name: string; choice: string | undefined }[] {
  return Object.entries(definitionOf(type)?.elements ?? {})
    .filter(([, element]) => element.min > 0)
    .map(([name]) => ({ name: name.replace('[x]', ''), choice: name.endsWith('[x]') ? name : undefined }));
}
