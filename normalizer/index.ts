/** Source item → FHIR R4 bundle. Pure and synchronous; never throws: what cannot be read is refused with its reason. */
import type { Normalized, Rejected, SourceKind } from '../core/types.ts';
import { normalizeCda } from './cda/index.ts';
import type { NormalizeContext, NormalizeInput } from './context.ts';
import { normalizeDicom } from './dicom/index.ts';
import { normalizeFhir } from './fhir/index.ts';
import { normalizeHl7v2 } from './hl7v2/index.ts';
import { byMap, type Normalizer, oneByOne } from './one-kind.ts';
import { normalizeTable } from './table/index.ts';

export type { HospitalContext, NormalizeContext, NormalizeInput, PartHeader } from './context.ts';

/** As `one-kind.ts` has them. */
const normalizers: Readonly<Record<SourceKind, Normalizer>> = {
  cda: byMap(oneByOne(normalizeCda)),
  dicom: byMap(oneByOne(normalizeDicom)),
  fhir: byMap(oneByOne(normalizeFhir)),
  hl7v2: byMap(normalizeHl7v2),
  table: byMap(oneByOne(normalizeTable)),
};

export function normalize(input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  return normalizers[input.kind]([input], context)[0]!;
}
