/** Dates and times. Precision is kept, no zone is invented silently, placeholders are told. */
import { dateOf, isLater, pointInTime, type TimeFault, timeOfDay } from '../../shared/datetime.ts';
import { halfWidth } from '../../shared/result.ts';
import { type Run, Typed } from '../run.ts';
import type { Field } from '../sources/format.ts';
import type { Args, Converter } from './spec.ts';

/** As HL7 writes times to the day or further; it needs no tidying. */
const TIDY = /^\d{8}[\d.+-]*$/;
const PLAIN = /^\d{4}(?:-?\d\d(?:-?\d\d(?:$|[ T]?\d))?)?/;
const PARTS =
  /^(\d{4})[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?)?(?:[ T]*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2}))?(?:\.(\d{1,9}))?秒?分?)?(Z|[+-]\d\d:?\d\d)?$/;

/** `2026/1/5 9:30`, `2026年1月5日`, full-width digits → the form that `pointInTime` reads; other texts as they are. */
export function tidyTime(text: string): string {
  if (TIDY.test(text)) return text;
  const plain = halfWidth(text).trim();
  if (PLAIN.test(plain) && !/[/年.]/.test(plain.slice(0, 10))) {
    // `2026-01-05 9:30` lacks a zero only in its hour.
    return plain.replace(/^(\d{4}-\d\d-\d\d) (\d:)/, '$1 0$2');
  }
  const match = PARTS.exec(plain);
  if (!match) return plain;
  const [, year, month = '', day, hour, minute, second, fraction, zone = ''] = match;
  const two = (part: string) => part.padStart(2, '0');
  if (day === undefined) return `${year}${two(month)}`;
  const date = `${year}-${two(month)}-${two(day)}`;
  if (hour === undefined) return date;
  return `${date} ${two(hour)}:${two(minute!)}${second ? `:${two(second)}` : ''}${second && fraction ? `.${fraction}` : ''}${zone}`;
}

type Form = (text: string) => string;

const TOKENS: Readonly<Record<string, string>> = {
  yyyy: '(?<y>\\d{4})',
  MM: '(?<M>\\d{2})',
  M: '(?<M>\\d{1,2})',
  dd: '(?<d>\\d{2})',
  d: '(?<d>\\d{1,2})',
  HH: '(?<H>\\d{2})',
  H: '(?<H>\\d{1,2})',
  mm: '(?<m>\\d{2})',
  ss: '(?<s>\\d{2})',
};

/** @returns undefined for a format that names no day, or the same part twice */
export function compileFormat(format: string): Form | undefined {
  const tokens = format.match(/yyyy|MM|M|dd|d|HH|H|mm|ss|[^A-Za-z]|[A-Za-z]/gu) ?? [];
  if (!format.includes('yyyy') || tokens.length > 40) return undefined;
  const body = tokens.map(
    (token) =>
      TOKENS[token] ?? (/[A-SU-Za-z]/.test(token) ? undefined : token.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')),
  );
  if (body.includes(undefined)) return undefined;
  let expression: RegExp;
  try {
    expression = new RegExp(`^${body.join('')}$`, 'u');
  } catch {
    return undefined;
  }
  return (text) => {
    const parts = expression.exec(halfWidth(text).trim())?.groups;
    if (!parts) return '';
    const { y = '', M, d, H, m, s } = parts;
    const two = (part: string) => part.padStart(2, '0');
    const date = M === undefined ? y : d === undefined ? `${y}${two(M)}` : `${y}-${two(M)}-${two(d)}`;
    return H === undefined || d === undefined ? date : `${date} ${two(H)}:${m ?? '00'}${s ? `:${s}` : ''}`;
  };
}

export function timeFault(run: Run, place: string, fault: TimeFault): undefined {
  // One time may be read for several elements.
  if (fault === 'placeholder')
    run.once(
      `time ${place}`,
      'information',
      'field.placeholder',
      place,
      'a placeholder for a missing time was left out',
    );
  else run.once(`time ${place}`, 'warning', 'field.invalid', place, 'the value is no time that exists');
}

/** The text of the date with that of its time of day, where they stand in two fields. */
function reader(args: Args): (run: Run, field: Field) => string | undefined {
  const format = args.literal('format');
  const form = (format === undefined ? undefined : compileFormat(format)) ?? tidyTime;
  const clock = args.text('time');
  return (run, field) => {
    const sent = field.text();
    if (sent === undefined) return undefined;
    const day = form(sent);
    const time = clock?.(run);
    if (time === undefined || !/^\d{4}-?\d\d-?\d\d$/.test(day)) return day;
    const tidy = halfWidth(time).replace(/^(\d)(?=:)/, '0$1');
    const digits = /^(\d\d):?(\d\d)(?::?(\d\d)(\.\d{1,9})?)?/.exec(tidy);
    return digits ? `${day.replaceAll('-', '')}${digits[1]}${digits[2]}${digits[3] ?? ''}${digits[4] ?? ''}` : day;
  };
}

/** FHIR dateTime of a field; undefined with an issue where it is none. */
export function readDateTime(run: Run, field: Field, text: string, zone: string): string | undefined {
  const point = pointInTime(text, zone);
  if (typeof point === 'string') return timeFault(run, field.place, point);
  if (!point.zoned && run.native.tellsZone && !run.native.zone)
    run.once(
      'zone',
      'information',
      'field.no-zone',
      field.place,
      "this and later times have no offset; the hospital's zone was used",
    );
  return point.value;
}

/** Where the time stands in a field of the format's own types. */
function timeField(run: Run, field: Field): Field | undefined {
  return run.native.time ? run.native.time(field) : field;
}

const ZONE = 'an IANA zone or an offset';

export function isZone(zone: string): boolean {
  if (/^[+-](0\d|1[0-4]):[0-5]\d$/.test(zone)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

function timed(type: 'dateTime' | 'instant' | 'date', summary: string): Converter {
  return {
    summary,
    types: [type],
    recurs: 'within',
    from: 'required',
    options: { zone: 'text', format: 'text', ...(type === 'date' ? {} : { time: 'text' }) },
    compile(args) {
      const read = reader(args);
      const zone = args.text('zone');
      return (run, from) => {
        const field = from && timeField(run, from);
        const sent = field && read(run, field);
        if (!field || sent === undefined) return undefined;
        if (type === 'date') {
          const date = dateOf(sent);
          return date === 'invalid' || date === 'placeholder' ? timeFault(run, field.place, date) : date;
        }
        const made = readDateTime(run, field, sent, zone?.(run) ?? run.zone);
        if (type === 'dateTime' || made === undefined) return made;
        // An instant is precise to the second; a coarser one is not made up.
        if (/T\d\d:\d\d:\d\d/.test(made) && /\d[:\d]*\d\d$|\d{14}|:\d\d[:.Z+-]/.test(sent)) return made;
        return run.issue(
          'information',
          'field.invalid',
          field.place,
          'the time is not precise enough for this element',
        );
      };
    },
  };
}

export const date = timed('date', `a day, month or year`);
export const dateTime = timed(
  'dateTime',
  `a point in time as precise as it was sent; without an offset in ${ZONE} of the map or the hospital`,
);
export const instant = timed('instant', 'a point in time to the second');

const BIRTH_TIME = 'http://hl7.org/fhir/StructureDefinition/patient-birthTime';

export const birthDate: Converter = {
  summary: 'a day of birth; where its time is known, too, that is kept as patient-birthTime',
  types: ['date'],
  from: 'required',
  options: {},
  compile: () => (run, field) => {
    const sent = field?.text();
    if (sent === undefined) return undefined;
    const point = readDateTime(run, field!, tidyTime(sent), run.zone);
    if (!point?.includes('T')) return point;
    return new Typed('date', point.slice(0, 10), { _: { extension: [{ url: BIRTH_TIME, valueDateTime: point }] } });
  },
};

export const time: Converter = {
  summary: 'a time of day',
  types: ['time'],
  from: 'required',
  options: {},
  compile: () => (run, field) => {
    const sent = field?.text();
    if (sent === undefined) return undefined;
    const made = timeOfDay(halfWidth(sent).replace(/^(\d)(?=:)/, '0$1'));
    if (made !== 'invalid' && made !== 'placeholder') return made;
    return run.issue('warning', 'field.invalid', field!.place, 'the value is no time of day');
  },
};

export const period: Converter = {
  summary: 'from start to end; an end before its start is told and kept as an extension',
  types: ['Period'],
  from: 'optional',
  options: { start: 'field', end: 'field', zone: 'text', format: 'text' },
  compile(args) {
    const read = reader(args);
    const zone = args.text('zone');
    const [from, to] = [args.field('start'), args.field('end')];
    const bound = (run: Run, given: Field | undefined) => {
      const field = given && timeField(run, given);
      const sent = field && read(run, field);
      return field && sent !== undefined ? readDateTime(run, field, sent, zone?.(run) ?? run.zone) : undefined;
    };
    return (run, field) => {
      const own = field && run.native.interval?.(field);
      const start = bound(run, from?.(run) ?? own?.start);
      const last = to?.(run) ?? own?.end;
      const end = bound(run, last);
      if (start && end && isLater(start, end))
        run.issue('warning', 'field.invalid', last!.place, 'the end lies before the start');
      return start || end ? { ...(start ? { start } : {}), ...(end ? { end } : {}) } : undefined;
    };
  },
};
