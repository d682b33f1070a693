/** Dose, route and timing of a substanceAdministration → Dosage. */
import { decimal } from '../../../core/json.ts';
import type { XmlElement } from '../../../core/xml/tree.ts';
import { conceptList } from '../header/encounter.ts';
import { narrativeText } from '../narrative.ts';
import { absentExtension } from '../types/nulls.ts';
import { decimalText, intervalOf, quantityOf, simple } from '../types/quantity.ts';

export function dosageOf(statement: XmlElement): fhir4.Dosage[] {
  const text = statement.child('text');
  const dose = intervalOf(statement.child('doseQuantity'));
  const rate = intervalOf(statement.child('rateQuantity'));
  const precondition = statement.child('precondition', 'criterion', 'value');
  const dosage: fhir4.Dosage = {
    text: (text && narrativeText(text)) || undefined,
    timing: timingOf(statement),
    asNeededCodeableConcept: conceptList(precondition)[0],
    site: conceptList(statement.child('approachSiteCode'))[0],
    route: conceptList(statement.child('routeCode'))[0],
    doseAndRate: [
      {
        doseRange: dose?.range,
        doseQuantity: simple(dose?.quantity),
        rateRange: rate?.range,
        rateQuantity: simple(rate?.quantity),
      },
    ],
  };
  const said = Object.values(dosage).some((v) => v !== undefined && !(Array.isArray(v) && empty(v[0])));
  return said ? [dosage] : [];
}

function empty(value: object): boolean {
  return Object.values(value).every((v) => v === undefined);
}

/** The first medication timing: PIVL_TS, EIVL_TS. The interval of use stands elsewhere. */
function timingOf(statement: XmlElement): fhir4.Timing | undefined {
  for (const time of statement.elements('effectiveTime')) {
    const type = time.attr('xsi:type')?.replace(/^.*:/, '');
    const repeat = type === 'PIVL_TS' ? periodic(time) : type === 'EIVL_TS' ? eventual(time) : undefined;
    if (repeat) return { repeat };
  }
  return undefined;
}

const UNITS = new Set(['s', 'min', 'h', 'd', 'wk', 'mo', 'a']);

function periodic(time: XmlElement): fhir4.TimingRepeat | undefined {
  const period = time.child('period');
  const value = decimalText(period?.attr('value') ?? period?.child('low')?.attr('value'));
  const unit = period?.attr('unit') ?? period?.child('low')?.attr('unit') ?? '';
  const max = decimalText(period?.child('high')?.attr('value'));
  // R4 tim-5: no negative period; an unknown unit would break its binding.
  if (value === undefined || value.startsWith('-') || !UNITS.has(unit)) return undefined;
  return {
    period: decimal(value),
    periodMax: max === undefined ? undefined : decimal(max),
    periodUnit: unit as fhir4.TimingRepeat['periodUnit'],
  };
}

/** TimingEvent codes that R4 EventTiming has under the same name. */
const EVENTS = new Set(['HS', 'WAKE', 'C', 'CM', 'CD', 'CV', 'AC', 'ACM', 'ACD', 'ACV', 'PC', 'PCM', 'PCD', 'PCV']);

function eventual(time: XmlElement): fhir4.TimingRepeat | undefined {
  const code = time.child('event')?.attr('code') ?? '';
  return EVENTS.has(code) ? { when: [code as NonNullable<fhir4.TimingRepeat['when']>[number]] } : undefined;
}

/** The medication of a consumable or product; required in R4, so absent ones say why. */
export function medicationOf(statement: XmlElement): fhir4.CodeableConcept {
  const product = statement.child('consumable', 'manufacturedProduct');
  const material = product?.child('manufacturedMaterial') ?? product?.child('manufacturedLabeledDrug');
  const code = conceptList(material?.child('code'))[0];
  const name = material?.child('name')?.text();
  if (code) return code.text || !name ? code : { ...code, text: name };
  return name ? { text: name } : { extension: absentExtension(material?.child('code')) };
}

export function quantityOfSupply(supply: XmlElement | undefined): fhir4.Quantity | undefined {
  return simple(quantityOf(supply?.child('quantity')));
}
