/** Plain values: text, numbers, booleans, URIs. */
import { decimal } from '../../../core/json.ts';
import { halfWidth, measured } from '../../shared/result.ts';
import { isInk } from '../../shared/spaces.ts';
import { uriOf } from '../../shared/systems.ts';
import type { Run } from '../run.ts';
import type { Field } from '../sources/format.ts';
import type { Converter } from './spec.ts';

const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f]/;
const CONTROLS = /[\0-\x08\x0b\x0c\x0e-\x1f]/g;
/** Control characters, and surrogates, which may stand alone. */
const PECULIAR = /[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]/;

/** R4 strings hold no control characters but tab and line breaks: those are taken out, and told. */
export function cleanText(run: Run, field: Field | undefined, text: string | undefined): string | undefined {
  if (text === undefined || (isInk(text.charCodeAt(0)) && !PECULIAR.test(text))) return text;
  const whole = text.isWellFormed() ? text : text.toWellFormed();
  if (!CONTROL.test(whole)) return whole.trim() === '' ? undefined : whole;
  run.issue('warning', 'field.invalid', field?.place ?? '', 'control characters were taken out of the text');
  return whole.replaceAll(CONTROLS, '').trim() || undefined;
}

export const text: Converter = {
  summary: 'text as it stands, trimmed',
  types: ['string', 'markdown'],
  from: 'required',
  options: { join: 'text', max: 'number', raw: 'flag' },
  compile(args) {
    const [max, raw] = [args.number('max'), args.flag('raw')];
    return (run, field) => {
      const found = cleanText(run, field, raw ? field?.raw()?.replaceAll(/\r\n?/g, '\n').trimEnd() : field?.text());
      if (found === undefined || max === undefined || found.length <= max) return found;
      run.issue('warning', 'field.invalid', field!.place, 'the text was cut to the length that the map allows');
      return Array.from(found).slice(0, max).join('');
    };
  },
};

export const uri: Converter = {
  summary: 'a URI; OIDs and UUIDs become urn:oid: and urn:uuid:',
  types: ['uri', 'url', 'canonical', 'oid', 'uuid'],
  from: 'required',
  options: {},
  compile: () => (run, field) => {
    const found = field?.text();
    if (found === undefined) return undefined;
    const made = uriOf(found) ?? (/^\S+$/.test(found) ? found : undefined);
    return made ?? run.issue('warning', 'field.invalid', field!.place, 'the value is no URI');
  },
};

export const id: Converter = {
  summary: 'an id of letters, digits, - and .',
  types: ['id'],
  from: 'required',
  options: {},
  compile: () => (run, field) => {
    const found = field?.text();
    if (found === undefined || /^[A-Za-z0-9.-]{1,64}$/.test(found)) return found;
    return run.issue('warning', 'field.invalid', field!.place, 'the value is no id');
  },
};

const TRUE = ['Y', 'y', 'T', 't', '1', 'true', 'TRUE', 'True', '是', '有', '√'];
const FALSE = ['N', 'n', 'F', 'f', '0', 'false', 'FALSE', 'False', '否', '无', '×'];

export const boolean: Converter = {
  summary: 'yes or no',
  types: ['boolean'],
  from: 'required',
  options: { true: 'words', false: 'words' },
  compile(args) {
    const yes = new Set(args.words('true') ?? TRUE);
    const no = new Set(args.words('false') ?? FALSE);
    return (run, field) => {
      const found = field?.text();
      if (found === undefined) return undefined;
      const plain = halfWidth(found);
      if (yes.has(plain)) return true;
      if (no.has(plain)) return false;
      return run.issue('warning', 'field.invalid', field!.place, 'the value says neither yes nor no');
    };
  },
};

const LEAST: Readonly<Record<string, number>> = { integer: -2_147_483_648, unsignedInt: 0, positiveInt: 1 };

export const integer: Converter = {
  summary: 'a whole number',
  types: ['integer', 'positiveInt', 'unsignedInt'],
  from: 'required',
  options: {},
  compile: (_args, type) => (run, field) => {
    const found = field?.text();
    if (found === undefined) return undefined;
    const plain = /^[+-]?\d{1,10}$/.exec(halfWidth(found))?.[0];
    const value = Number(plain);
    if (plain !== undefined && value >= LEAST[type]! && value <= 2_147_483_647) return value;
    return run.issue('warning', 'field.invalid', field!.place, 'the value is no whole number of this element');
  },
};

export const number: Converter = {
  summary: 'a number whose text is kept: 5.10 stays 5.10',
  types: ['decimal'],
  from: 'required',
  options: {},
  compile: () => (run, field) => {
    const found = field?.text();
    if (found === undefined) return undefined;
    const value = measured(found);
    if (value && !value.comparator) return decimal(value.number);
    return run.issue('warning', 'field.invalid', field!.place, 'the value is no number');
  },
};
