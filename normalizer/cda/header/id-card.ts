/** 居民身份证 (GB 11643-1999): a wrong check digit or a contradiction is reported; the number is kept as sent. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import type { Draft } from '../../draft.ts';

export const ID_CARD = 'urn:oid:2.16.156.10011.1.3';
const FORM = /^[1-9]\d{5}(18|19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dXx]$/;
/** ISO 7064 MOD 11-2. */
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

export function checkIdCard(
  draft: Draft,
  identifiers: readonly fhir4.Identifier[],
  person: XmlElement | undefined,
): void {
  const card = identifiers.find((id) => id.system === ID_CARD)?.value;
  if (!card || !person) return;
  const path = `${person.path()}/id`;
  if (!isIdCard(card)) {
    draft.issue('warning', 'field.check-digit', path, 'the id card number has a wrong form or check digit');
    return;
  }
  const born = person.child('birthTime')?.attr('value')?.slice(0, 8);
  if (born?.length === 8 && born !== card.slice(6, 14))
    draft.issue('warning', 'field.invalid', path, 'the birth date differs from the one in the id card number');
}

export function isIdCard(text: string): boolean {
  if (!FORM.test(text)) return false;
  const sum = WEIGHTS.reduce((total, weight, i) => total + weight * Number(text[i]), 0);
  return '10X98765432'[sum % 11] === text[17]!.toUpperCase();
}
