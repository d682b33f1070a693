/** The closed set of converters, by their names in maps. */
import { code, codingConverter } from './code.ts';
import { attachment, obx } from './document.ts';
import { age, labValue, quantity, range, ratio, referenceRange } from './measure.ts';
import { value } from './native.ts';
import { address, identifier, name, telecom } from './person.ts';
import type { Converter } from './spec.ts';
import { boolean, id, integer, number, text, uri } from './text.ts';
import { birthDate, date, dateTime, instant, period, time } from './time.ts';

export const CONVERTERS: ReadonlyMap<string, Converter> = new Map<string, Converter>([
  ['text', text],
  ['code', code],
  ['coding', codingConverter],
  ['date', date],
  ['birthDate', birthDate],
  ['dateTime', dateTime],
  ['instant', instant],
  ['time', time],
  ['period', period],
  ['name', name],
  ['address', address],
  ['telecom', telecom],
  ['identifier', identifier],
  ['quantity', quantity],
  ['labValue', labValue],
  ['obx', obx],
  ['value', value],
  ['age', age],
  ['range', range],
  ['ratio', ratio],
  ['referenceRange', referenceRange],
  ['attachment', attachment],
  ['boolean', boolean],
  ['integer', integer],
  ['decimal', number],
  ['uri', uri],
  ['id', id],
]);

/** Which of them reads an address that stands alone, by the type of the element. */
const DEFAULTS: Readonly<Record<string, string>> = {
  string: 'text',
  markdown: 'text',
  code: 'code',
  Coding: 'coding',
  CodeableConcept: 'code',
  id: 'id',
  uri: 'uri',
  url: 'uri',
  canonical: 'uri',
  oid: 'uri',
  uuid: 'uri',
  date: 'date',
  dateTime: 'dateTime',
  instant: 'instant',
  time: 'time',
  boolean: 'boolean',
  integer: 'integer',
  positiveInt: 'integer',
  unsignedInt: 'integer',
  decimal: 'decimal',
  HumanName: 'name',
  Address: 'address',
  ContactPoint: 'telecom',
  Identifier: 'identifier',
  Quantity: 'quantity',
  Count: 'quantity',
  Distance: 'quantity',
  Duration: 'quantity',
  Age: 'age',
  Range: 'range',
  Ratio: 'ratio',
  Attachment: 'attachment',
  ObservationReferenceRange: 'referenceRange',
};

export function defaultConverter(type: string): string | undefined {
  return DEFAULTS[type];
}
