/** Imaging study (headers of its instances) → ImagingStudy, Patient, and the list of sealed parts. */
import { createHash } from 'node:crypto';
import type { Normalized, Rejected } from '../../core/types.ts';
import type { NormalizeContext, NormalizeInput, PartHeader } from '../context.ts';
import { codeMapping, Draft } from '../draft.ts';
import { addImagingStudy } from './imaging-study.ts';
import { addPatient } from './people.ts';
import { Study } from './study.ts';

const MAPPING = codeMapping('dicom/study', '1');

/** SHA-256 of the whole instance, hex; R4 `Attachment.hash` is SHA-1 (docs/decisions/0062). */
const SHA256 = 'urn:dhc:extension:sha256';

/** @throws BridgeError `item.format`, `item.no-patient` */
export function normalizeDicom(input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  const draft = new Draft(context, MAPPING);
  const study = new Study(draft, input);
  const patient = addPatient(study);
  const imaging = addImagingStudy(study, patient.url);
  const reference = addParts(study, input.headers ?? [], patient.url, imaging.url);
  study.reportCoverage();
  const sha256 = createHash('sha256').update(input.bytes).digest('hex');
  return draft.finish({
    patient: patient.owner,
    source: { reference, sha256 },
    ...(imaging.started ? { occurred: imaging.started } : {}),
  });
}

/** All parts, also those whose header could not be read: they are sealed with the record. */
function addParts(study: Study, parts: readonly PartHeader[], patient: string, imaging: string): string {
  return study.draft.add(['dicom', study.uid, 'parts'], {
    resourceType: 'DocumentReference',
    status: 'current',
    type: { coding: [{ system: 'http://loinc.org', code: '18748-4', display: 'Diagnostic imaging study' }] },
    subject: { reference: patient },
    content: parts.map((part, n) => ({
      attachment: {
        extension: [{ url: SHA256, valueString: part.sha256 }],
        contentType: 'application/dicom',
        url: `urn:dhc:part:${n}`,
        size: part.size,
      },
    })),
    context: { related: [{ reference: imaging }] },
  });
}
