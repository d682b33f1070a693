/** value of an observation → Observation.value[x], by xsi:type. Nothing is guessed: what has no form stays text. */
import type { XmlElement } from '../../../core/xml/tree.ts';
import type { Draft } from '../../draft.ts';
import { narrativeText } from '../narrative.ts';
import { conceptOf } from './codes.ts';
import { absentConcept, isPlaceholder } from './nulls.ts';
import { decimalText, intervalOf, quantityOf, ratioOf } from './quantity.ts';
import { dateTimeOf, periodOf } from './times.ts';

export type ObservationValue = Pick<
  fhir4.Observation,
  | 'valueQuantity'
  | 'valueCodeableConcept'
  | 'valueString'
  | 'valueBoolean'
  | 'valueInteger'
  | 'valueRange'
  | 'valueRatio'
  | 'valueDateTime'
  | 'valuePeriod'
  | 'dataAbsentReason'
>;

/** @returns an empty object for a missing element; a dataAbsentReason where a nullFlavor or nothing stands */
export function observedValue(element: XmlElement | undefined, draft: Draft): ObservationValue {
  if (!element) return {};
  const value = typed(element, draft);
  if (value && Object.values(value).some((v) => v !== undefined)) return value;
  const text = textOf(element);
  return text ? { valueString: text } : { dataAbsentReason: absentConcept(element) };
}

function typed(element: XmlElement, draft: Draft): ObservationValue | undefined {
  switch (element.attr('xsi:type')?.replace(/^.*:/, '')) {
    case 'PQ':
    case 'MO':
    case 'REAL':
      return { valueQuantity: quantityOf(element) };
    case 'CD':
    case 'CE':
    case 'CV':
    case 'CO':
    case 'CS':
      return coded(element);
    case 'INT':
      return integer(element);
    case 'BL':
      return { valueBoolean: booleanOf(element) };
    case 'TS':
      return { valueDateTime: dateTimeOf(element, draft) };
    case 'IVL_TS':
      return { valuePeriod: periodOf(element, draft) };
    case 'IVL_PQ':
    case 'IVL_INT':
    case 'IVL_REAL': {
      const interval = intervalOf(element);
      return { valueRange: interval?.range, valueQuantity: interval?.quantity };
    }
    case 'RTO':
    case 'RTO_PQ_PQ':
      return { valueRatio: ratioOf(element) };
    default:
      return undefined;
  }
}

function coded(element: XmlElement): ObservationValue | undefined {
  const value = conceptOf(element);
  return value?.coding || value?.text ? { valueCodeableConcept: value } : undefined;
}

function integer(element: XmlElement): ObservationValue | undefined {
  const text = decimalText(element.attr('value'));
  if (text === undefined) return undefined;
  const small = /^-?\d{1,9}$/.test(text);
  return small ? { valueInteger: Number(text) } : { valueQuantity: quantityOf(element) };
}

export function booleanOf(element: XmlElement | undefined): boolean | undefined {
  const value = element?.attr('value')?.toLowerCase();
  return value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : undefined;
}

/** Text, or the text of `@value` that did not have the form of its type; placeholders are no text. */
function textOf(element: XmlElement): string | undefined {
  const text = narrativeText(element) || element.attr('value')?.trim() || '';
  return isPlaceholder(text) ? undefined : text;
}
