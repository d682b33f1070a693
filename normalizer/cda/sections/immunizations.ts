/** Immunization Activity (template 4.52) → Immunization. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { type Cda, isNegated, keyFor, owns, reference } from '../document.ts';
import { conceptList } from '../header/encounter.ts';
import { addOrganization, performersOf } from '../header/people.ts';
import { identifiersOf } from '../types/ids.ts';
import { absentExtension } from '../types/nulls.ts';
import { decimalText, quantityOf, simple } from '../types/quantity.ts';
import { momentOf } from '../types/times.ts';
import { medicationOf } from './dosage.ts';
import { reasonsOf } from './medications.ts';
import { notesOf } from './observation.ts';

export function mapImmunizations(cda: Cda, statement: XmlElement): string[] | undefined {
  if (statement.name !== 'substanceAdministration' || statement.attr('moodCode') === 'INT') return undefined;
  if (!statement.child('consumable')) return undefined;
  owns(cda, statement, 'Immunization', 'immunizations');
  const { draft } = cda;
  const product = statement.child('consumable', 'manufacturedProduct');
  const time = momentOf(statement.child('effectiveTime'), draft);
  const refused = isNegated(statement);
  const reasons = reasonsOf(statement);
  const made = {
    resourceType: 'Immunization',
    identifier: identifiersOf(statement, cda.scope),
    status: refused ? 'not-done' : statusOf(statement),
    statusReason: refused ? reasons[0] : undefined,
    vaccineCode: medicationOf(statement),
    patient: { reference: cda.patient },
    occurrenceDateTime: time,
    ...(time ? {} : { _occurrenceDateTime: { extension: absentExtension(statement.child('effectiveTime')) } }),
    manufacturer: reference(addOrganization(cda, product?.child('manufacturerOrganization'))),
    lotNumber: product?.child('manufacturedMaterial', 'lotNumberText')?.text(),
    site: conceptList(statement.child('approachSiteCode'))[0],
    route: conceptList(statement.child('routeCode'))[0],
    doseQuantity: simple(quantityOf(statement.child('doseQuantity'))),
    performer: performersOf(cda, statement).map((actor) => ({ actor: { reference: actor } })),
    note: notesOf(statement),
    reasonCode: refused ? [] : reasons,
    protocolApplied: doses(statement),
  } as fhir4.Immunization;
  return [draft.add(keyFor(cda, 'Immunization', statement), made)];
}

/** R4 knows completed, entered-in-error and not-done; anything begun or broken off was not done to its end. */
function statusOf(statement: XmlElement): fhir4.Immunization['status'] {
  const code = statement.child('statusCode')?.attr('code');
  if (code === 'nullified') return 'entered-in-error';
  return code === 'aborted' || code === 'cancelled' ? 'not-done' : 'completed';
}

function doses(statement: XmlElement): fhir4.ImmunizationProtocolApplied[] {
  const text = decimalText(statement.child('repeatNumber')?.attr('value'));
  const number = text && /^[1-9]\d{0,2}$/.test(text) ? Number(text) : undefined;
  return number ? [{ doseNumberPositiveInt: number }] : [];
}
