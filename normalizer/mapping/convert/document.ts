/** Attachments, and OBX-5 by its declared type. */
import { isLater, pointInTime, timeOfDay } from '../../shared/datetime.ts';
import { measured, quantity, type Unit } from '../../shared/result.ts';
import { type Run, Typed } from '../run.ts';
import type { Field } from '../sources/format.ts';
import { countLocal } from './code.ts';
import { unitReader } from './measure.ts';
import type { Converter } from './spec.ts';
import { cleanText } from './text.ts';
import { readDateTime } from './time.ts';

function decode(text: string, encoding: string): Buffer | undefined {
  if (encoding === 'text') return Buffer.from(text, 'utf8');
  const plain = text.replaceAll(/\s/g, '');
  if (encoding === 'hex') return /^([0-9a-f]{2})+$/i.test(plain) ? Buffer.from(plain, 'hex') : undefined;
  const bytes = Buffer.from(plain, 'base64');
  return bytes.length > 0 && bytes.toString('base64').replace(/=+$/, '') === plain.replace(/=+$/, '')
    ? bytes
    : undefined;
}

export const attachment: Converter = {
  summary: 'content of a document, or where it lies',
  types: ['Attachment'],
  from: 'optional',
  options: { url: 'text', contentType: 'text', title: 'text', encoding: ['base64', 'hex', 'text'], as: ['ED', 'RP'] },
  compile(args) {
    const [url, contentType, title] = [args.text('url'), args.text('contentType'), args.text('title')];
    const encoding = args.literal('encoding') ?? 'base64';
    const as = args.literal('as');
    return (run, field) => {
      if (as !== undefined) {
        if (!field || field.isNull || field.raw() === undefined) return undefined;
        const native = run.native.attachment?.(field, as);
        const shown = title?.(run);
        if (native) return { ...native, ...(shown ? { title: shown } : {}) };
        return run.issue('warning', 'field.invalid', field.place, 'the attachment has no readable content');
      }
      const own = field && args.literal('encoding') === undefined ? run.native.embedded?.(field) : undefined;
      if (own) {
        const [type, shown] = [contentType?.(run), title?.(run)];
        return { ...own, ...(type ? { contentType: type } : {}), ...(shown ? { title: shown } : {}) };
      }
      const sent = field?.raw();
      const where = url?.(run);
      const bytes = sent === undefined ? undefined : decode(sent, encoding);
      if (sent !== undefined && !bytes)
        run.issue('warning', 'field.invalid', field!.place, 'the content is not encoded as the map says');
      if (!bytes && where === undefined) return undefined;
      const [type, name] = [contentType?.(run) ?? (bytes ? 'application/octet-stream' : undefined), title?.(run)];
      return {
        ...(type ? { contentType: type } : {}),
        ...(bytes ? { data: bytes.toString('base64') } : {}),
        ...(where ? { url: where } : {}),
        ...(name ? { title: name } : {}),
      };
    };
  },
};

/** HL7 v2 OBX-5 by OBX-2 (v2.9 §7.4.2.5); what does not fit its declared type is kept as text. */
export const obx: Converter = {
  summary: 'the value of an OBX by its declared type',
  types: ['Quantity', 'CodeableConcept', 'string', 'Range', 'Ratio', 'Period', 'dateTime', 'time'],
  dynamic: true,
  from: 'required',
  options: { type: 'text', unit: 'text', units: 'codes', system: 'text', code: 'text' },
  compile(args) {
    const [type, unit, read] = [args.text('type'), args.text('unit'), unitReader(args)];
    return (run, field) => {
      if (!field || field.isNull) return undefined;
      switch (type?.(run)) {
        case 'NM':
          return numeric(run, field, read) ?? asText(run, field, 'declared as a number, kept as text');
        case 'ST':
        case undefined:
          return (unit?.(run) === undefined ? undefined : numeric(run, field, read)) ?? asText(run, field);
        case 'SN':
          return structured(run, field, read) ?? asText(run, field, undefined, field.parts?.().join(''));
        case 'CWE':
        case 'CE':
        case 'CNE':
        case 'CF': {
          const coded = run.native.code?.(field, undefined);
          if (!coded) return undefined;
          countLocal(run, coded.coding ?? [], field.place);
          return new Typed('CodeableConcept', coded);
        }
        case 'DT':
        case 'TS':
        case 'DTM': {
          const sent = field.text();
          const made = sent === undefined ? undefined : readDateTime(run, field, sent, run.zone);
          if (made) return new Typed('dateTime', made);
          return sent === undefined || pointInTime(sent, run.zone) === 'placeholder' ? undefined : asText(run, field);
        }
        case 'TM': {
          const made = timeOfDay(field.text() ?? '');
          // Validators take no fraction of a second here, though R4 does.
          if (made.includes('.')) return asText(run, field);
          if (made !== 'invalid' && made !== 'placeholder') return new Typed('time', made);
          return asText(run, field, 'the value is no time of day and is kept as text');
        }
        case 'DR':
          return span(run, field) ?? asText(run, field);
        case 'NR':
          return numericRange(field, read(run)) ?? asText(run, field);
        case 'TX':
        case 'FT':
        case 'ID':
        case 'IS':
        case 'SI':
          return asText(run, field);
        default:
          return asText(run, field, 'the value type is kept as text');
      }
    };
  },
};

type UnitOf = ReturnType<typeof unitReader>;

function numeric(run: Run, field: Field, unit: UnitOf): Typed | undefined {
  const number = measured(field.raw() ?? '');
  return number ? new Typed('Quantity', quantity(number, unit(run))) : undefined;
}

/** DR (v2.9 §2A.3.20): start ^ end. */
function span(run: Run, field: Field): Typed | undefined {
  const [start, end] = (field.parts?.() ?? []).map((text) =>
    text === '' || typeof pointInTime(text, run.zone) === 'string'
      ? undefined
      : readDateTime(run, field, text, run.zone),
  );
  if ((!start && !end) || (start && end && isLater(start, end))) return undefined;
  return new Typed('Period', { ...(start ? { start } : {}), ...(end ? { end } : {}) });
}

/** NR (§2A.3.47): low ^ high. */
function numericRange(field: Field, unit: Unit): Typed | undefined {
  const [low, high] = (field.parts?.() ?? []).map((text) => measured(text));
  if ((!low && !high) || low?.comparator || high?.comparator) return undefined;
  if (low && high && Number(low.number) > Number(high.number)) return undefined;
  return new Typed('Range', {
    ...(low ? { low: quantity(low, unit) } : {}),
    ...(high ? { high: quantity(high, unit) } : {}),
  });
}

/** SN (v2.9 §2A.3.71): comparator ^ number ^ separator or suffix ^ number. */
function structured(run: Run, field: Field, unit: UnitOf): Typed | undefined {
  const [comparator = '', first = '', separator = '', second = ''] = (
    field.parts?.() ?? (field.raw() ?? '').split('^')
  ).map((part) => part.trim());
  const [low, high] = [measured(first), measured(second)];
  const of = unit(run);
  if (low && separator === '' && !high && comparator !== '<>') {
    const exact = comparator === '=' || comparator === '' ? low : measured(`${comparator}${low.number}`);
    if (exact) return new Typed('Quantity', quantity(exact, of));
  }
  if (!low || !high || comparator !== '') return undefined;
  if (separator === '-' && Number(low.number) <= Number(high.number))
    return new Typed('Range', { low: quantity(low, of), high: quantity(high, of) });
  return /^[:/]$/.test(separator)
    ? new Typed('Ratio', { numerator: quantity(low, of), denominator: quantity(high, of) })
    : undefined;
}

function asText(run: Run, field: Field, told?: string, text = field.raw()): Typed | undefined {
  const sent = cleanText(run, field, text?.replaceAll(/\r\n?/g, '\n').trimEnd());
  if (sent === undefined) return undefined;
  if (told) run.issue('warning', 'structure.unexpected', field.place, told);
  return new Typed('string', sent);
}
