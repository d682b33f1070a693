/** The instances of a study as parts that are sealed with the record. */
import type { PartHeader } from '../context.ts';
import type { Draft } from '../draft.ts';

/** SHA-256 of the whole instance, hex; R4 `Attachment.hash` is SHA-1 (docs/decisions/0062). */
const SHA256 = 'urn:dhc:extension:sha256';

/**
 * All parts, also those whose header could not be read.
 * @param patient URN, as `imaging`; left out where the bundle has none
 */
export function addParts(
  draft: Draft,
  uid: string,
  parts: readonly PartHeader[],
  { patient, imaging }: { readonly patient?: string | undefined; readonly imaging?: string | undefined },
): string {
  return draft.add(['dicom', uid, 'parts'], {
    resourceType: 'DocumentReference',
    status: 'current',
    type: { coding: [{ system: 'http://loinc.org', code: '18748-4', display: 'Diagnostic imaging study' }] },
    ...(patient ? { subject: { reference: patient } } : {}),
    content: parts.map((part, n) => ({
      attachment: {
        extension: [{ url: SHA256, valueString: part.sha256 }],
        contentType: 'application/dicom',
        url: `urn:dhc:part:${n}`,
        size: part.size,
      },
    })),
    ...(imaging ? { context: { related: [{ reference: imaging }] } } : {}),
  });
}
