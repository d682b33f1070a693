/** Imaging study (headers of its instances) → ImagingStudy and Patient, by the shipped map; the instances are sealed parts. */
import type { Normalized, Rejected } from '../../core/types.ts';
import type { NormalizeContext, NormalizeInput } from '../context.ts';
import { runMap } from '../mapping/execute.ts';
import { dicom } from '../mapping/sources/dicom.ts';
import { standardMap } from '../mapping/standard.ts';

export function normalizeDicom(input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  return runMap(standardMap('dicom/study', { dicom }), input, context);
}
