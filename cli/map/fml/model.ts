/** A StructureMap as far as it is read: from the FHIR Mapping Language or from JSON (R4, R5). */
import { BridgeError } from '../../../core/errors.ts';

export interface FmlMap {
  readonly url: string;
  readonly name: string;
  /** Alias → canonical of its type. */
  readonly uses: ReadonlyMap<string, string>;
  readonly conceptMaps: readonly FmlConceptMap[];
  readonly imports: readonly string[];
  readonly groups: readonly FmlGroup[];
}

export interface FmlConceptMap {
  readonly name: string;
  readonly codes: readonly { readonly source: string; readonly target: string; readonly system?: string }[];
}

export interface FmlGroup {
  readonly name: string;
  readonly extends?: string;
  readonly inputs: readonly { readonly mode: 'source' | 'target'; readonly name: string; readonly type?: string }[];
  readonly rules: readonly FmlRule[];
  readonly line: number;
}

export interface FmlRule {
  readonly sources: readonly FmlSource[];
  readonly targets: readonly FmlTarget[];
  readonly rules: readonly FmlRule[];
  readonly calls: readonly { readonly group: string; readonly parameters: readonly string[] }[];
  /** Line of the text; for JSON the number of the rule. */
  readonly line: number;
}

export interface FmlSource {
  readonly context: string;
  readonly element?: string;
  readonly variable?: string;
  /** FHIRPath. */
  readonly condition?: string;
  /** Parts that the engine has no word for: `check`, `default`, `first`, a type, a cardinality. */
  readonly extra: readonly string[];
}

export interface FmlTarget {
  readonly context?: string;
  readonly element?: string;
  readonly transform?: string;
  readonly parameters: readonly FmlParameter[];
  readonly variable?: string;
}

export type FmlParameter = { readonly variable: string } | { readonly literal: string | number | boolean };

export function fmlFault(line: number, what: string): BridgeError {
  return new BridgeError('item.format', `line ${line}: ${what}`, {
    hint: 'the file must be FHIR Mapping Language or a StructureMap as JSON, of R4 or R5',
  });
}
