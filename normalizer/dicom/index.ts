/** Imaging study (headers of its instances) → ImagingStudy, Patient, and the list of sealed parts. */
import { createHash } from 'node:crypto';
import type { Normalized, Rejected } from '../../core/types.ts';
import type { NormalizeContext, NormalizeInput } from '../context.ts';
import { codeMapping, Draft } from '../draft.ts';
import { addImagingStudy } from './imaging-study.ts';
import { addParts } from './parts.ts';
import { addPatient } from './people.ts';
import { Study } from './study.ts';

const MAPPING = codeMapping('dicom/study', '1');

/** @throws BridgeError `item.format`, `item.no-patient` */
export function normalizeDicom(input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  const draft = new Draft(context, MAPPING);
  const study = new Study(draft, input);
  const patient = addPatient(study);
  const imaging = addImagingStudy(study, patient.url);
  const reference = addParts(draft, study.uid, input.headers ?? [], {
    patient: patient.url,
    imaging: imaging.url,
  });
  study.reportCoverage();
  const sha256 = createHash('sha256').update(input.bytes).digest('hex');
  return draft.finish({
    patient: patient.owner,
    source: { reference, sha256 },
    ...(imaging.started ? { occurred: imaging.started } : {}),
  });
}
