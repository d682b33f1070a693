/** R4 primitive types (R4 §2.24.0.1): form, range, and dates that exist. */
import { isNumber, numberText } from '../../core/json.ts';
import { narrativeFault } from './narrative.ts';

/**
 * @returns what is wrong with a value, without the value; undefined where nothing is
 * @param clean true where the text that the value is of was found to hold no control characters
 */
export type PrimitiveFault = (value: unknown, clean: boolean) => string | undefined;

const DATE = /^(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?$/;
const OFFSET = '(?:Z|[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00))';
const CLOCK = '(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d+)?';
const DATE_TIME = new RegExp(`^(\\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T${CLOCK}${OFFSET}$`);
const TIME = new RegExp(`^${CLOCK}$`);
const UUID = /^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const OID = /^urn:oid:[0-2](\.(0|[1-9]\d*))+$/;
const ID = /^[A-Za-z0-9.-]{1,64}$/;
const CODE = /^[^\s]+(?:\s[^\s]+)*$/;
const INTEGER = /^-?(0|[1-9]\d*)$/;
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f]/;
const MAX_STRING = 1024 * 1024;

/** @param type `code`, `dateTime`, … */
export function primitiveCheck(type: string): PrimitiveFault {
  return FAULTS[type] ?? string(textFault);
}

/** @returns what is wrong, without the value; undefined where nothing is */
export function primitiveFault(type: string, value: unknown): string | undefined {
  return primitiveCheck(type)(value, false);
}

const FAULTS: Readonly<Record<string, PrimitiveFault>> = {
  boolean: (value) => (typeof value === 'boolean' ? undefined : 'is no boolean'),
  decimal: (value) => (isNumber(value) ? decimalFault(numberText(value)) : 'is no number'),
  integer: integer(-2_147_483_648, 'is no 32-bit integer'),
  positiveInt: integer(1, 'is not positive'),
  unsignedInt: integer(0, 'is negative'),
  id: string((value) => (ID.test(value) ? undefined : 'is no id')),
  code: string((value, clean) => (CODE.test(value) ? textFault(value, clean) : 'is no code')),
  uri: string(uriFault),
  url: string(uriFault),
  canonical: string(uriFault),
  uuid: string((value) => (UUID.test(value) ? undefined : 'is no UUID')),
  oid: string((value) => (OID.test(value) ? undefined : 'is no OID')),
  date: string((value) => (isDate(value) ? undefined : 'is no date that exists')),
  dateTime: string((value) => (isDate(value) || isMoment(value) ? undefined : 'is no date or time that exists')),
  instant: string((value) => (isMoment(value) ? undefined : 'is no instant')),
  time: string((value) => (TIME.test(value) ? undefined : 'is no time of day')),
  base64Binary: string((value) => (isBase64(value) ? undefined : 'is no base64')),
  xhtml: string(narrativeFault),
};

function string(faultOf: (value: string, clean: boolean) => string | undefined): PrimitiveFault {
  return (value, clean) => {
    if (typeof value !== 'string') return 'is no string';
    return value === '' ? 'is empty' : faultOf(value, clean);
  };
}

function decimalFault(text: string): string | undefined {
  return Number.isFinite(Number(text)) && text.length <= 1000 ? undefined : 'is no decimal that can be kept';
}

function integer(least: number, tooSmall: string): PrimitiveFault {
  return (value) => {
    if (!isNumber(value)) return 'is no number';
    const text = numberText(value);
    if (!INTEGER.test(text)) return 'is no integer';
    const number = Number(text);
    if (number > 2_147_483_647) return 'is no 32-bit integer';
    return number < least ? tooSmall : undefined;
  };
}

/** A UUID or OID as URI. */
export function isUrn(value: string): boolean {
  return UUID.test(value) || OID.test(value);
}

/** Forms that name their kind must keep its form, too. */
function uriFault(value: string, clean: boolean): string | undefined {
  if (isUrn(value)) return undefined;
  if (/\s/.test(value)) return 'is no URI';
  if (value.startsWith('urn:uuid:')) return UUID.test(value.toLowerCase().split('#')[0]!) ? undefined : 'is no UUID';
  if (value.startsWith('urn:oid:')) return OID.test(value) ? undefined : 'is no OID';
  return !clean && CONTROL.test(value) ? 'holds control characters' : undefined;
}

function textFault(value: string, clean: boolean): string | undefined {
  if (!clean && CONTROL.test(value)) return 'holds control characters';
  if (!clean && !value.isWellFormed()) return 'holds half a surrogate pair';
  if (value.length > MAX_STRING) return 'is longer than 1 MiB';
  return /\S/.test(value) ? undefined : 'is white space';
}

function isDate(value: string): boolean {
  if (value.length > 10) return false;
  const match = DATE.exec(value);
  return match !== null && value >= '0001' && (match[3] === undefined || dayExists(match[1]!, match[2]!, match[3]));
}

function isMoment(value: string): boolean {
  const match = DATE_TIME.exec(value);
  return match !== null && dayExists(match[1]!, match[2]!, match[3]!);
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function dayExists(year: string, month: string, day: string): boolean {
  const number = Number(year);
  const leap = month === '02' && number % 4 === 0 && (number % 100 !== 0 || number % 400 === 0);
  return Number(day) <= DAYS[Number(month) - 1]! + (leap ? 1 : 0) && number > 0;
}

/** Without a pattern that repeats groups: its stack would grow with the content. */
function isBase64(value: string): boolean {
  const text = /\s/.test(value) ? value.replaceAll(/\s/g, '') : value;
  return text !== '' && !/[^A-Za-z0-9+/=]/.test(text) && isPadded(text);
}

/** @param text of the signs of base64 alone */
export function isPadded(text: string): boolean {
  const padding = text.indexOf('=');
  if (text.length % 4 !== 0) return false;
  return padding === -1 || padding === text.length - 1 || (padding === text.length - 2 && text.endsWith('=='));
}
