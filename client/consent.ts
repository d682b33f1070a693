/** Grants and revocations as the patient signs them; the same pure code that the hospital's side uses. */
export { OwnSubjects, subjectAddress, subjectKey } from '../anchor/consent/subject.ts';
export {
  type ConsentDomain,
  consentId,
  digestOf,
  purposeId,
  scopeOf,
  type Terms,
  type TypedConsent,
  typedGrant,
  typedRevoke,
} from '../anchor/consent/terms.ts';

import { digestOf, type TypedConsent } from '../anchor/consent/terms.ts';
import { fromHex, toHex } from './bytes.ts';
import { signDigest } from './keys.ts';

/** The patient's signature, 0x-hex. @param privateKey from `subjectKey`; a wallet signs the typed data by itself */
export function signConsent(privateKey: Uint8Array, data: TypedConsent): string {
  return `0x${toHex(signDigest(privateKey, fromHex(digestOf(data))))}`;
}
