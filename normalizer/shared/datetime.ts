/**
 * HL7 points in time (`YYYY[MM[DD[HH[MM[SS[.S…]]]]]][±ZZZZ]`: v2 DTM and DT, CDA TS) → FHIR. Precision is kept, nothing is
 * filled in but the seconds that R4 demands (§2.24.0.1 dateTime: "may be zero-filled").
 */
import { zoneOffset } from './zone.ts';

export type TimeFault = 'invalid' | 'placeholder';

export interface PointInTime {
  /** FHIR dateTime; a date where the source is not precise to the minute. */
  readonly value: string;
  /** False where a time of day had no offset, so that the zone of the hospital was used. */
  readonly zoned: boolean;
}

const POINT =
  /^(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,9}))?)?)?)?)?)?(?:([+-])(\d\d):?(\d\d))?$/;
/** ISO 8601 with separators, as databases and some senders write it. */
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(?:Z|([+-])(\d\d):?(\d\d))?$/;

/**
 * @param zone an offset (`+08:00`) or an IANA zone, for times without an offset
 * @returns a fault instead where the text is no time, names a day that does not exist, or is a placeholder
 */
export function pointInTime(text: string, zone: string): PointInTime | TimeFault {
  if (isPlaceholder(text)) return 'placeholder';
  const match = POINT.exec(text) ?? ISO.exec(text);
  if (!match) return 'invalid';
  const [, year = '', month, day, hour, minute, second, fraction, sign, offsetHours, offsetMinutes] = match;
  if (!exists(year, month, day) || !isTimeOfDay(hour, minute, second)) return 'invalid';
  if (month === undefined) return { value: year, zoned: true };
  if (day === undefined) return { value: `${year}-${month}`, zoned: true };
  const date = `${year}-${month}-${day}`;
  if (hour === undefined || minute === undefined) return { value: date, zoned: true };
  const time = `${hour}:${minute}:${second ?? '00'}${fraction ? `.${fraction}` : ''}`;
  const offset = sign ? ownOffset(sign, offsetHours!, offsetMinutes!) : text.endsWith('Z') ? 'Z' : undefined;
  if (offset === 'invalid') return 'invalid';
  return { value: `${date}T${time}${offset ?? defaultOffset(zone, date, time)}`, zoned: offset !== undefined };
}

/** The day of a point in time, as FHIR date. */
export function dateOf(text: string): string | TimeFault {
  const point = pointInTime(text, '+00:00');
  return typeof point === 'string' ? point : point.value.slice(0, 10);
}

/**
 * True where one FHIR dateTime surely comes after another: by instants where both are to the second, else by the
 * shared precision, a day apart where only one of them has a time (its offset may shift the day).
 */
export function isLater(a: string, b: string): boolean {
  const [timedA, timedB] = [a.includes('T'), b.includes('T')];
  if (timedA && timedB) return millis(a) > millis(b);
  const length = Math.min(a.length, b.length, 10);
  if (timedA === timedB || length < 10) return a.slice(0, length) > b.slice(0, length);
  return Date.parse(a.slice(0, 10)) - Date.parse(b.slice(0, 10)) > 86_400_000;
}

/**
 * True where a validator can be sure that a Period of these two keeps per-1: both to the second, or different within the
 * shared precision whatever the zone in which their days are taken.
 */
export function isOrdered(start: string, end: string): boolean {
  const [timedStart, timedEnd] = [start.includes('T'), end.includes('T')];
  if (timedStart && timedEnd) return millis(start) <= millis(end);
  const length = Math.min(start.length, end.length, 10);
  if (start.length === end.length) return start <= end;
  const day = (text: string) => (text.includes('T') ? new Date(millis(text)).toISOString() : text);
  return start.slice(0, length) < end.slice(0, length) && day(start).slice(0, length) < day(end).slice(0, length);
}

/** A leap second is the one after the 59th. */
function millis(time: string): number {
  const leap = /:60(?=[.Z+-])/.test(time);
  return Date.parse(leap ? time.replace(/:60(?=[.Z+-])/, ':59') : time) + (leap ? 1000 : 0);
}

/** HL7 TM `HH[MM[SS[.S…]]]` as FHIR time; R4 has no offset there. */
export function timeOfDay(text: string): string | TimeFault {
  const match = /^(\d\d):?(\d\d)(?::?(\d\d)(?:\.(\d{1,9}))?)?(?:[+-]\d{4})?$/.exec(text);
  if (!match || !isTimeOfDay(match[1], match[2], match[3])) return 'invalid';
  return `${match[1]}:${match[2]}:${match[3] ?? '00'}${match[4] ? `.${match[4]}` : ''}`;
}

/** The offset that a point in time carries, `+08:00`. */
export function writtenOffset(text: string): string | undefined {
  const match = /([+-])(\d\d):?(\d\d)$/.exec(text);
  return match && text.length > 9 ? `${match[1]}${match[2]}:${match[3]}` : undefined;
}

/** What systems write when they have no date: zeros, and the first day of their calendar. */
function isPlaceholder(text: string): boolean {
  // Nearly every time begins otherwise.
  if (text[0] !== '0' && !text.startsWith('1900')) return false;
  return /^0{4}[-0: T.]*$/.test(text) || /^1900-?01-?01(?:[T ]?0[0:.]*)?$/.test(text);
}

function exists(year: string, month = '01', day = '01'): boolean {
  const [y, m, d] = [numberOf(year), numberOf(month), numberOf(day)];
  return y > 0 && m >= 1 && m <= 12 && d >= 1 && (d <= 28 || d <= daysOf(y, m));
}

/** Of the Gregorian calendar, also before it was made. */
function daysOf(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

/** Of a few digits; the engine's own reading is made for any text and costs more. */
function numberOf(digits: string): number {
  let number = 0;
  for (let at = 0; at < digits.length; at += 1) number = number * 10 + digits.charCodeAt(at) - ZERO;
  return number;
}

const ZERO = 0x30;

function isTimeOfDay(hour = '00', minute = '00', second = '00'): boolean {
  return hour < '24' && minute < '60' && second <= '60';
}

/** R4 dateTime knows offsets up to 14:00. */
function ownOffset(sign: string, hours: string, minutes: string): string {
  return minutes < '60' && `${hours}${minutes}` <= '1400' ? `${sign}${hours}:${minutes}` : 'invalid';
}

function defaultOffset(zone: string, date: string, time: string): string {
  return /^[+-]\d\d:\d\d$/.test(zone) ? zone : zoneOffset(zone, Date.parse(`${date}T${time.slice(0, 5)}:00Z`));
}
