/** The R4 structures as a compact table, made by `make-table.ts` from the StructureDefinitions and value sets. */
import table from './generated/r4.json' with { type: 'json' };

/** An element of a type, under the name that its definition gives it: `value[x]` for a choice. */
export interface ElementRow {
  readonly name: string;
  /** Primitive types, data types, backbone elements (`PatientContact`), `Resource`. */
  readonly types: readonly string[];
  readonly array?: true;
  readonly required?: true;
  /** Index in `codes` of the value set of a required binding. */
  readonly codes?: number;
  /** Resource types that a Reference may point to. */
  readonly targets?: readonly string[];
  /** The types of which only the profile SimpleQuantity is allowed. */
  readonly simple?: true;
  /** Invariants of this place, beside those of its type. */
  readonly rules?: readonly string[];
}

export interface TypeRow {
  readonly resource?: true;
  readonly elements: readonly ElementRow[];
  /** Keys of the invariants. */
  readonly rules?: readonly string[];
}

interface Table {
  readonly types: Readonly<Record<string, TypeRow>>;
  /** Value sets: code system → its codes in the set. */
  readonly codes: readonly Readonly<Record<string, readonly string[]>>[];
  /** Key of an invariant → its FHIRPath expression. */
  readonly rules: Readonly<Record<string, string>>;
}

// Typed here: the compiler would infer a type of some hundred kilobytes.
const { types, codes, rules } = table as unknown as Table;

/** Undefined for names that R4 does not know, also for those that every JavaScript object has. */
export function typeRow(type: string): TypeRow | undefined {
  return Object.hasOwn(types, type) ? types[type] : undefined;
}

/** Concrete resource types only. */
export function isResourceType(type: string): boolean {
  return resources.has(type);
}

export function resourceTypes(): string[] {
  return [...resources];
}

const resources: ReadonlySet<string> = new Set(Object.keys(types).filter((type) => types[type]!.resource));

export function codesOf(index: number): Readonly<Record<string, readonly string[]>> {
  return codes[index]!;
}

export function expressionOf(rule: string): string {
  return rules[rule]!;
}

let choices: Map<string, Set<string>> | undefined;

/** Property names of a choice element by the name of the choice: `value` → `valueString`, `valueQuantity`, … */
export function choiceKeys(name: string): ReadonlySet<string> | undefined {
  choices ??= allChoices();
  return choices.get(name);
}

function allChoices(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { elements } of Object.values(types))
    for (const element of elements)
      if (element.name.endsWith('[x]')) {
        const name = element.name.slice(0, -3);
        const keys = found.get(name) ?? new Set();
        for (const type of element.types) keys.add(choiceKey(element.name, type));
        found.set(name, keys);
      }
  return found;
}

/** `value[x]`, `Quantity` → `valueQuantity` */
export function choiceKey(name: string, type: string): string {
  return name.slice(0, -3) + type[0]!.toUpperCase() + type.slice(1);
}
