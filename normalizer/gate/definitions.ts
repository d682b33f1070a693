/** R4 types in the terms of StructureDefinitions, for those who compile against them. */
import { typeRow } from './table.ts';

export interface Definition {
  readonly kind: 'resource' | 'data type';
  /** By name, `value[x]` for a choice. */
  readonly elements: Readonly<
    Record<string, { readonly min: 0 | 1; readonly type: readonly { readonly code: string }[] }>
  >;
}

/** Definition of a resource, data type or backbone element; undefined for names that R4 does not know. */
export function definitionOf(type: string): Definition | undefined {
  const row = typeRow(type);
  return (
    row && {
      kind: row.resource ? 'resource' : 'data type',
      elements: Object.fromEntries(
        row.elements.map(({ name, required, types }) => [
          name,
          { min: required ? 1 : 0, type: types.map((code) => ({ code })) },
        ]),
      ),
    }
  );
}
