/** What a converter is: a closed set, each with its options, the types that it makes, and its compiled form. */
import type { CodeMap } from '../codes/code-map.ts';
import type { Run } from '../run.ts';
import type { Field } from '../sources/format.ts';
import type { TextOf } from '../template.ts';

/**
 * - `text`: an address, a text with `${…}` or a literal
 * - `texts`: the same, or a list; `[*]` gives all
 * - `field`: an address whose place is told in issues
 * - `codes`: name of a code map
 * - `flag`, `number`, `words` (a list of literals), or a list of the words that are allowed: literals
 */
export type OptionKind = 'text' | 'texts' | 'field' | 'codes' | 'flag' | 'number' | 'words' | readonly string[];

/** Options as the converter asks for them; those that the map does not give are undefined. */
export interface Args {
  text(name: string): TextOf | undefined;
  /** Literal of an option that was given as a plain text. */
  literal(name: string): string | undefined;
  texts(name: string): ((run: Run) => string[]) | undefined;
  field(name: string): ((run: Run) => Field | undefined) | undefined;
  codes(name: string): CodeMap | undefined;
  flag(name: string): boolean;
  number(name: string): number | undefined;
  words(name: string): readonly string[] | undefined;
  /** Codes to which R4 binds the element as required. */
  readonly required: { readonly codes: ReadonlySet<string>; readonly codings: ReadonlySet<string> } | undefined;
  /** R4 types that the element takes. */
  readonly allowed: readonly string[];
}

/** Reads one field, or, in converters that can do without `from`, none. */
export type Convert = (run: Run, field: Field | undefined) => unknown;

export interface Converter {
  /** One line for `dhc map docs`. */
  readonly summary: string;
  /** R4 types, the preferred first. */
  readonly types: readonly string[];
  /**
   * What it makes of a field is worth remembering: within an item, or, where it is nobody's own, between items. To remember a
   * plain text costs more than to read it again.
   */
  readonly recurs?: 'within' | 'between';
  /** Its type is known at run time only: it gives `Typed`. */
  readonly dynamic?: boolean;
  readonly from: 'required' | 'optional';
  readonly options: Readonly<Record<string, OptionKind>>;
  /** @param type one of `types` that the element takes */
  compile(args: Args, type: string): Convert;
}

export function none(): undefined {
  return undefined;
}
