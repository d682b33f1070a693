/** The normaliser of one kind of source, loaded for itself: a process that reads only one starts without the others. */
import type { Normalized, Rejected, SourceKind } from '../core/types.ts';
import type { NormalizeContext, NormalizeInput } from './context.ts';
import { runMap } from './mapping/execute.ts';
import { rejectError } from './outcome.ts';

/** Pure and synchronous. */
export type Normalizer = (input: NormalizeInput, context: NormalizeContext) => Normalized | Rejected;

/** One line a kind; each is `normalizer/<kind>/index.ts`. */
const load: Readonly<Record<SourceKind, () => Promise<Normalizer>>> = {
  cda: async () => (await import('./cda/index.ts')).normalizeCda,
  dicom: async () => (await import('./dicom/index.ts')).normalizeDicom,
  fhir: async () => (await import('./fhir/index.ts')).normalizeFhir,
  hl7v2: async () => (await import('./hl7v2/index.ts')).normalizeHl7v2,
  table: async () => (await import('./table/index.ts')).normalizeTable,
};

/** @returns what `normalize` does with items of that kind */
export async function normalizerOf(kind: SourceKind): Promise<Normalizer> {
  return guarded(await load[kind]());
}

/** Runs the map of the context where it has one; never throws: what cannot be read is refused with its reason. */
export function guarded(normalizer: Normalizer): Normalizer {
  return (input, context) => {
    try {
      return context.map ? runMap(context.map, input, context) : normalizer(input, context);
    } catch (error) {
      return rejectError(error);
    }
  };
}
