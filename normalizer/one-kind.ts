/** The normaliser of one kind of source, loaded for itself: a process that reads only one starts without the others. */
import type { Normalized, Rejected, SourceKind } from '../core/types.ts';
import type { NormalizeContext, NormalizeInput } from './context.ts';
import { runMaps } from './mapping/execute.ts';
import { rejectError } from './outcome.ts';

/** Of one item. */
type Single = (input: NormalizeInput, context: NormalizeContext) => Normalized | Rejected;

/** Of items of one kind and context, which are quicker together; in their order. Pure and synchronous. */
export type Normalizer = (
  inputs: readonly NormalizeInput[],
  context: NormalizeContext,
) => readonly (Normalized | Rejected)[];

/** One line a kind; each is `normalizer/<kind>/index.ts`. */
const load: Readonly<Record<SourceKind, () => Promise<Normalizer>>> = {
  cda: async () => oneByOne((await import('./cda/index.ts')).normalizeCda),
  dicom: async () => oneByOne((await import('./dicom/index.ts')).normalizeDicom),
  fhir: async () => oneByOne((await import('./fhir/index.ts')).normalizeFhir),
  hl7v2: async () => (await import('./hl7v2/index.ts')).normalizeHl7v2,
  table: async () => oneByOne((await import('./table/index.ts')).normalizeTable),
};

/** @returns what `normalize` does with items of that kind */
export async function normalizerOf(kind: SourceKind): Promise<Normalizer> {
  return byMap(await load[kind]());
}

/** Runs the map of the context where it has one. */
export function byMap(normalizer: Normalizer): Normalizer {
  return (inputs, context) => {
    const { map } = context;
    return map ? runMaps(inputs.map((input) => ({ map, input, context }))) : normalizer(inputs, context);
  };
}

/** Never throws: what cannot be read is refused with its reason. */
export function oneByOne(single: Single): Normalizer {
  return (inputs, context) =>
    inputs.map((input) => {
      try {
        return single(input, context);
      } catch (error) {
        return rejectError(error);
      }
    });
}
