/** R4 types compiled for the walk: JSON property name → what may stand there. */
import { type Codes, requiredCodes } from './bindings.ts';
import { definitionOf } from './definitions.ts';

export interface Property {
  /** Type in this JSON property: a primitive, a data type, a backbone element, `Resource`. */
  readonly type: string;
  readonly primitive: boolean;
  readonly array: boolean;
  /** Name of the choice element, `value[x]`. */
  readonly choice?: string;
  readonly codes?: Codes;
  /** Resource types that a Reference may point to; absent where any may. */
  readonly targets?: ReadonlySet<string>;
  /** Profile SimpleQuantity: no comparator. */
  readonly simple: boolean;
}

export type Shape = ReadonlyMap<string, Property>;

const shapes = new Map<string, Shape | undefined>();
const PROFILE = 'http://hl7.org/fhir/StructureDefinition/';

export function shapeOf(type: string): Shape | undefined {
  if (!shapes.has(type)) shapes.set(type, compile(type));
  return shapes.get(type);
}

export function isResourceType(type: string): boolean {
  return definitionOf(type)?.kind === 'resource';
}

function compile(type: string): Shape | undefined {
  const definition = definitionOf(type);
  if (!definition) return undefined;
  const shape = new Map<string, Property>();
  for (const [name, element] of Object.entries(definition.elements)) {
    const choice = name.endsWith('[x]');
    const codes = element.binding?.strength === 'required' ? requiredCodes(element.binding.valueSet ?? '') : null;
    for (const one of element.type) {
      const property = choice ? name.slice(0, -3) + one.code[0]!.toUpperCase() + one.code.slice(1) : name;
      const targets = targetTypes(one.targetProfile);
      shape.set(property, {
        // Medplum gives resource ids as string, and the type of narrative as xhtml.
        type: name === 'id' && definition.kind === 'resource' ? 'id' : one.code,
        primitive: /^[a-z]/.test(one.code),
        array: element.isArray ?? false,
        ...(choice ? { choice: name } : {}),
        ...(codes && ['code', 'Coding', 'CodeableConcept'].includes(one.code) ? { codes } : {}),
        ...(targets ? { targets } : {}),
        simple: one.profile?.includes(`${PROFILE}SimpleQuantity`) ?? false,
      });
    }
  }
  return shape;
}

function targetTypes(profiles: readonly string[] | undefined): ReadonlySet<string> | undefined {
  if (!profiles?.length) return undefined;
  const types = profiles.map((profile) => profile.slice(PROFILE.length));
  return types.includes('Resource') ? undefined : new Set(types);
}
