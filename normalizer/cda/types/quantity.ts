/** PQ, IVL_PQ, RTO, MO, INT, REAL → Quantity, Range, Ratio. Numbers keep their text. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import { measured, quantity, type Unit } from '../../shared/result.ts';

const UCUM = 'http://unitsofmeasure.org';
/** UCUM case-sensitive units are printable ASCII without spaces; annotations stand in braces. */
const UCUM_UNIT = /^[!-~]+$/;
/** Units that systems write in another way than UCUM does. */
const COMMON: Readonly<Record<string, string>> = {
  mmHg: 'mm[Hg]',
  '℃': 'Cel',
  '°C': 'Cel',
  '次/min': '/min',
  '次/分': '/min',
  '次/分钟': '/min',
  bpm: '/min',
  '10^9/L': '10*9/L',
  '×10^9/L': '10*9/L',
  '10^12/L': '10*12/L',
  '×10^12/L': '10*12/L',
  'μmol/L': 'umol/L',
  'µmol/L': 'umol/L',
};

/** Number text as FHIR's decimal takes it (`+1` → `1`, `.5` → `0.5`); undefined for anything else. */
export function decimalText(text: string | undefined): string | undefined {
  const found = measured(text ?? '');
  return found && !found.comparator ? found.number : undefined;
}

export function quantityOf(element: XmlElement | undefined): fhir4.Quantity | undefined {
  const found = measured(element?.attr('value') ?? '');
  return element && found && quantity(found, unitOf(element));
}

function unitOf(element: XmlElement): Unit {
  const currency = element.attr('currency');
  if (currency) return { unit: currency, system: 'urn:iso:std:iso:4217', code: currency };
  return unitNamed(element.attr('unit')?.trim());
}

/** The unit as written, with its UCUM code where it is one or is known to mean one. */
export function unitNamed(unit: string | undefined): Unit {
  if (!unit) return {};
  const code = COMMON[unit] ?? (UCUM_UNIT.test(unit) ? unit : undefined);
  return code ? { unit, system: UCUM, code } : { unit };
}

/** IVL_PQ: both ends → Range, one end → Quantity with comparator, a plain value → Quantity. */
export function intervalOf(
  element: XmlElement | undefined,
): { range?: fhir4.Range; quantity?: fhir4.Quantity } | undefined {
  if (!element) return undefined;
  const low = quantityOf(element.child('low'));
  const high = quantityOf(element.child('high'));
  if (low && high) return { range: { low: simple(low), high: simple(high) } };
  if (low) return { quantity: { ...low, comparator: closed(element, 'low') ? '>=' : '>' } };
  if (high) return { quantity: { ...high, comparator: closed(element, 'high') ? '<=' : '<' } };
  const plain = quantityOf(element) ?? quantityOf(element.child('center'));
  return plain ? { quantity: plain } : undefined;
}

function closed(element: XmlElement, end: string): boolean {
  return element.child(end)?.attr('inclusive') !== 'false';
}

/** SimpleQuantity has no comparator. */
export function simple(found: fhir4.Quantity): fhir4.Quantity;
export function simple(found: fhir4.Quantity | undefined): fhir4.Quantity | undefined;
export function simple(found: fhir4.Quantity | undefined): fhir4.Quantity | undefined {
  if (!found) return undefined;
  const { comparator: _, ...rest } = found;
  return rest;
}

export function ratioOf(element: XmlElement): fhir4.Ratio | undefined {
  const numerator = quantityOf(element.child('numerator'));
  const denominator = quantityOf(element.child('denominator'));
  return numerator && denominator ? { numerator, denominator } : undefined;
}
