/** OBX-5 by OBX-2 → Observation.value[x], exactly; what does not fit its declared type is kept as text. */

import { timeOfDay } from '../../shared/datetime.ts';
import { interval, measured, quantity, type Unit } from '../../shared/result.ts';
import { cwe } from '../datatypes.ts';
import type { Segment } from '../reader/segment.ts';
import type { Value } from '../reader/value.ts';
import type { Scope } from '../scope.ts';

/** One of `valueQuantity`, `valueString`, … under its element name. */
export type ValueElement = Pick<
  fhir4.ObservationComponent,
  'valueQuantity' | 'valueCodeableConcept' | 'valueString' | 'valueRange' | 'valueRatio' | 'valueTime' | 'valueDateTime'
>;

/** Values of OBX-5; repetitions of text are lines of one text. An attachment (ED, RP) is not a value: see `attachments.ts`. */
export function observationValues(scope: Scope, obx: Segment): ValueElement[] {
  const type = obx.field(2).trimmed;
  const values = obx.all(5).filter((value) => !value.isNull);
  for (const nothing of obx.all(5).filter((value) => value.isNull)) nothing.use();
  if (values.length === 0) return [];
  if (isText(type, values)) {
    const lines = values.map((value) => value.whole ?? '');
    const text = clean(lines.join('\n'));
    return text === undefined ? [] : [{ valueString: text }];
  }
  return values.flatMap((value) => one(scope, obx, type, value) ?? []);
}

/** A result of type ST with a unit is a measurement that a sender did not declare as such. */
function isText(type: string | undefined, values: readonly Value[]): boolean {
  return type === 'TX' || type === 'FT' || (type === 'ST' && values.length > 1);
}

function one(scope: Scope, obx: Segment, type: string | undefined, value: Value): ValueElement | undefined {
  switch (type) {
    case 'NM':
      return numeric(scope, obx, value, true);
    case 'ST':
      return obx.field(6).isPopulated ? numeric(scope, obx, value, false) : text(value);
    case 'SN':
      return structured(scope, obx, value);
    case 'CWE':
    case 'CE':
    case 'CNE':
    case 'CF': {
      const coded = cwe(scope, value);
      return coded ? { valueCodeableConcept: coded } : undefined;
    }
    case 'DT':
    case 'TS':
    case 'DTM': {
      const time = scope.time(value);
      return time ? { valueDateTime: time } : undefined;
    }
    case 'TM': {
      const time = timeOfDay(value.trimmed ?? '');
      return time === 'invalid' ? scope.invalid(value, 'the value is no time of day') : { valueTime: time };
    }
    case 'ID':
    case 'IS':
    case 'SI':
      return text(value);
    default:
      scope.draft.issue('warning', 'structure.unexpected', value.place, 'the value type is kept as text');
      return text(value);
  }
}

function numeric(scope: Scope, obx: Segment, value: Value, declared: boolean): ValueElement | undefined {
  const number = measured(value.whole ?? '');
  if (number) return { valueQuantity: quantity(number, unitOf(scope, obx)) };
  if (declared) scope.draft.issue('warning', 'structure.unexpected', value.place, 'declared as a number, kept as text');
  return text(value);
}

/** SN (v2.9 §2A.3.71): comparator ^ number ^ separator or suffix ^ number. */
function structured(scope: Scope, obx: Segment, value: Value): ValueElement | undefined {
  const [comparator = '', first, separator, second] = [1, 2, 3, 4].map((number) => value.part(number).trimmed);
  const low = first === undefined ? undefined : measured(first);
  const high = second === undefined ? undefined : measured(second);
  const unit = unitOf(scope, obx);
  if (low && separator === undefined && !high && comparator !== '<>') {
    const exact = comparator === '=' || comparator === '' ? low : measured(`${comparator}${low.number}`);
    if (exact) return { valueQuantity: quantity(exact, unit) };
  }
  if (low && high && separator === '-' && comparator === '' && Number(low.number) <= Number(high.number))
    return { valueRange: { low: quantity(low, unit), high: quantity(high, unit) } };
  // A titre has no unit of its own on either side.
  if (low && high && (separator === ':' || separator === '/') && comparator === '')
    return { valueRatio: { numerator: quantity(low, {}), denominator: quantity(high, {}) } };
  const joined = [comparator, first, separator, second].filter(Boolean).join('');
  return joined === '' ? undefined : { valueString: joined };
}

function text(value: Value): ValueElement | undefined {
  const kept = clean(value.whole ?? '');
  return kept === undefined ? undefined : { valueString: kept };
}

/** Line ends as line feeds; undefined where nothing but white space is left. */
export function clean(kept: string): string | undefined {
  const lines = kept.replaceAll(/\r\n?/g, '\n').trimEnd();
  return lines.trim() === '' ? undefined : lines;
}

/** OBX-6 as unit: with its code where the sender says that it is UCUM. */
export function unitOf(scope: Scope, obx: Segment): Unit {
  const value = obx.field(6);
  const coded = value.isPopulated ? cwe(scope, value) : undefined;
  const ucum = coded?.coding?.find((coding) => coding.system === 'http://unitsofmeasure.org');
  const shown = coded?.text ?? coded?.coding?.[0]?.display ?? coded?.coding?.[0]?.code;
  return { unit: shown, ...(ucum ? { system: ucum.system, code: ucum.code } : {}) };
}

/** OBX-7: as text, and as numbers where it is an interval. */
export function referenceRange(scope: Scope, obx: Segment): fhir4.ObservationReferenceRange[] {
  const sent = obx.field(7).whole?.trim();
  if (!sent) return [];
  const bounds = interval(sent);
  const unit = bounds ? unitOf(scope, obx) : {};
  return [
    {
      ...(bounds?.low ? { low: quantity({ number: bounds.low }, unit) } : {}),
      ...(bounds?.high ? { high: quantity({ number: bounds.high }, unit) } : {}),
      text: sent,
    },
  ];
}
