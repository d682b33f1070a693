/** R4 primitive types (R4 §2.24.0.1): form, range, and dates that exist. */
import { isNumber, numberText } from '../../core/json.ts';

const DATE = /^(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?$/;
const OFFSET = '(?:Z|[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00))';
const CLOCK = '([01]\\d|2[0-3]):[0-5]\\d:([0-5]\\d|60)(?:\\.\\d+)?';
const DATE_TIME = new RegExp(`^(\\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T${CLOCK}${OFFSET}$`);
const TIME = new RegExp(`^${CLOCK}$`);
const UUID = /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const OID = /^urn:oid:[0-2](\.(0|[1-9]\d*))+$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f]/;
const MAX_STRING = 1024 * 1024;

/** @returns what is wrong, without the value; undefined where nothing is */
export function primitiveFault(type: string, value: unknown): string | undefined {
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : 'is no boolean';
  if (NUMERIC.has(type)) return isNumber(value) ? numberFault(type, numberText(value)) : 'is no number';
  if (typeof value !== 'string') return 'is no string';
  if (value === '') return 'is empty';
  return stringFault(type, value);
}

const NUMERIC = new Set(['integer', 'positiveInt', 'unsignedInt', 'decimal']);

function numberFault(type: string, text: string): string | undefined {
  if (type === 'decimal')
    return Number.isFinite(Number(text)) && text.length <= 1000 ? undefined : 'is no decimal that can be kept';
  if (!/^-?(0|[1-9]\d*)$/.test(text)) return 'is no integer';
  const value = Number(text);
  if (value > 2_147_483_647 || value < -2_147_483_648) return 'is no 32-bit integer';
  if (type === 'positiveInt' && value < 1) return 'is not positive';
  return type === 'unsignedInt' && value < 0 ? 'is negative' : undefined;
}

function stringFault(type: string, value: string): string | undefined {
  switch (type) {
    case 'id':
      return /^[A-Za-z0-9.-]{1,64}$/.test(value) ? undefined : 'is no id';
    case 'code':
      return /^[^\s]+(?:\s[^\s]+)*$/.test(value) ? textFault(value) : 'is no code';
    case 'uri':
    case 'url':
    case 'canonical':
      return uriFault(value);
    case 'uuid':
      return UUID.test(value) ? undefined : 'is no UUID';
    case 'oid':
      return OID.test(value) ? undefined : 'is no OID';
    case 'date':
      return isDate(value) ? undefined : 'is no date that exists';
    case 'dateTime':
      return isDate(value) || isMoment(value) ? undefined : 'is no date or time that exists';
    case 'instant':
      return isMoment(value) ? undefined : 'is no instant';
    case 'time':
      return TIME.test(value) ? undefined : 'is no time of day';
    case 'base64Binary':
      return BASE64.test(value.replaceAll(/\s/g, '')) ? undefined : 'is no base64';
    default:
      return textFault(value);
  }
}

/** Forms that name their kind must keep its form, too. */
function uriFault(value: string): string | undefined {
  if (/\s/.test(value)) return 'is no URI';
  if (value.startsWith('urn:uuid:')) return UUID.test(value.toLowerCase().split('#')[0]!) ? undefined : 'is no UUID';
  if (value.startsWith('urn:oid:')) return OID.test(value) ? undefined : 'is no OID';
  return CONTROL.test(value) ? 'holds control characters' : undefined;
}

function textFault(value: string): string | undefined {
  if (CONTROL.test(value)) return 'holds control characters';
  if (!value.isWellFormed()) return 'holds half a surrogate pair';
  if (value.length > MAX_STRING) return 'is longer than 1 MiB';
  return /\S/.test(value) ? undefined : 'is white space';
}

function isDate(value: string): boolean {
  const match = DATE.exec(value);
  return match !== null && value >= '0001' && (match[3] === undefined || dayExists(match[1]!, match[2]!, match[3]));
}

function isMoment(value: string): boolean {
  const match = DATE_TIME.exec(value);
  return match !== null && dayExists(match[1]!, match[2]!, match[3]!);
}

function dayExists(year: string, month: string, day: string): boolean {
  const leap = Number(year) % 4 === 0 && (Number(year) % 100 !== 0 || Number(year) % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Number(month) - 1]!;
  return Number(day) <= days && Number(year) > 0;
}
