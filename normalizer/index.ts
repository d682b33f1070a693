/** Source item → FHIR R4 bundle. Pure and synchronous; never throws: what cannot be read is refused with its reason. */
import type { Normalized, Rejected, SourceKind } from '../core/types.ts';
import { normalizeCda } from './cda/index.ts';
import type { NormalizeContext, NormalizeInput } from './context.ts';
import { normalizeDicom } from './dicom/index.ts';
import { normalizeFhir } from './fhir/index.ts';
import { normalizeHl7v2 } from './hl7v2/index.ts';
import { guarded, type Normalizer } from './one-kind.ts';
import { normalizeTable } from './table/index.ts';

export type { HospitalContext, NormalizeContext, NormalizeInput, PartHeader } from './context.ts';

/** As `one-kind.ts` has them. */
const normalizers: Readonly<Record<SourceKind, Normalizer>> = {
  cda: guarded(normalizeCda),
  dicom: guarded(normalizeDicom),
  fhir: guarded(normalizeFhir),
  hl7v2: guarded(normalizeHl7v2),
  table: guarded(normalizeTable),
};

export function normalize(input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  return normalizers[input.kind](input, context);
}
