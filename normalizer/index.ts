/** Source item → FHIR R4 bundle. Pure and synchronous; never throws: what cannot be read is refused with its reason. */
import type { Normalized, Rejected, SourceKind } from '../core/types.ts';
import { normalizeCda } from './cda/index.ts';
import type { NormalizeContext, NormalizeInput } from './context.ts';
import { normalizeDicom } from './dicom/index.ts';
import { normalizeFhir } from './fhir/index.ts';
import { normalizeHl7v2 } from './hl7v2/index.ts';
import { runMap } from './mapping/index.ts';
import { rejectError } from './outcome.ts';
import { normalizeTable } from './table/index.ts';

export type { HospitalContext, NormalizeContext, NormalizeInput, PartHeader } from './context.ts';

type Normalizer = (input: NormalizeInput, context: NormalizeContext) => Normalized | Rejected;

/** One line a kind; each is `normalizer/<kind>/index.ts`. */
const normalizers: Readonly<Record<SourceKind, Normalizer>> = {
  cda: normalizeCda,
  dicom: normalizeDicom,
  fhir: normalizeFhir,
  hl7v2: normalizeHl7v2,
  table: normalizeTable,
};

export function normalize(input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  try {
    return context.map ? runMap(context.map, input, context) : normalizers[input.kind](input, context);
  } catch (error) {
    return rejectError(error);
  }
}
