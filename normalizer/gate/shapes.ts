/** R4 types as JSON has them: property name → what may stand there. */
import { choiceKey, codesOf, type ElementRow, typeRow } from './table.ts';

export { isResourceType } from './table.ts';

/** A code is allowed where its system may be absent (type code), or with its system (Coding). */
export interface Codes {
  readonly codes: ReadonlySet<string>;
  /** `system|code` */
  readonly codings: ReadonlySet<string>;
}

export interface Property {
  /** Type in this JSON property: a primitive, a data type, a backbone element, `Resource`. */
  readonly type: string;
  readonly primitive: boolean;
  readonly array: boolean;
  /** Name of the choice element, `value[x]`. */
  readonly choice?: string;
  /** Of a required binding. */
  readonly codes?: Codes;
  /** Resource types that a Reference may point to; absent where any may. */
  readonly targets?: ReadonlySet<string>;
  /** Profile SimpleQuantity: no comparator. */
  readonly simple: boolean;
}

export type Shape = ReadonlyMap<string, Property>;

const shapes = new Map<string, Shape | undefined>();

/** Undefined for names that R4 does not know. */
export function shapeOf(type: string): Shape | undefined {
  if (!shapes.has(type)) shapes.set(type, made(type));
  return shapes.get(type);
}

function made(type: string): Shape | undefined {
  return typeRow(type) && new Map(typeRow(type)!.elements.flatMap(properties));
}

/** One for each type of the element. */
export function properties(element: ElementRow): [string, Property][] {
  const choice = element.name.endsWith('[x]');
  return element.types.map((type) => [
    choice ? choiceKey(element.name, type) : element.name,
    {
      type,
      primitive: /^[a-z]/.test(type),
      array: element.array ?? false,
      ...(choice ? { choice: element.name } : {}),
      ...(element.codes !== undefined && BOUND.has(type) ? { codes: codeSets(element.codes) } : {}),
      ...(element.targets ? { targets: new Set(element.targets) } : {}),
      simple: element.simple === true && type === 'Quantity',
    },
  ]);
}

const BOUND = new Set(['code', 'Coding', 'CodeableConcept']);
const sets = new Map<number, Codes>();

function codeSets(index: number): Codes {
  let found = sets.get(index);
  if (!found) {
    const systems = Object.entries(codesOf(index));
    found = {
      codes: new Set(systems.flatMap(([, codes]) => codes)),
      codings: new Set(systems.flatMap(([system, codes]) => codes.map((code) => `${system}|${code}`))),
    };
    sets.set(index, found);
  }
  return found;
}
