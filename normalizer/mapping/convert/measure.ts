/** Quantities and laboratory results. Numbers keep their text; what has no form stays text. */
import { interval, quantity as makeQuantity, measured, type Unit } from '../../shared/result.ts';
import { rememberField, rememberTexts } from '../memory.ts';
import { type Run, Typed } from '../run.ts';
import type { Field } from '../sources/format.ts';
import type { Args, Converter } from './spec.ts';
import { cleanText } from './text.ts';

const UCUM = 'http://unitsofmeasure.org';
const UNITS = { unit: 'text', units: 'codes' } as const;

/** Unit as sent; with its UCUM code where the code map `units` knows it. */
export function unitReader(args: Args): (run: Run) => Unit {
  const [unit, units, system, code] = [args.text('unit'), args.codes('units'), args.text('system'), args.text('code')];
  const sent = args.field('unit');
  const native = rememberField((run, field: Field) => run.native.unit?.(field), true);
  return (run) => {
    const field = sent?.(run);
    const coded = field && native(run, field);
    if (coded?.code !== undefined) return coded;
    const shown = coded?.unit ?? unit?.(run);
    const own = code?.(run);
    if (own !== undefined) return { unit: shown, system: system?.(run) ?? UCUM, code: own };
    if (shown === undefined || !units) return { unit: shown };
    const known = units.targets(shown)?.[0];
    if (known) return { unit: shown, system: known.system ?? UCUM, code: known.code };
    run.draft.unmappedCode(units.source ?? units.name, shown);
    return { unit: shown };
  };
}

export const quantity: Converter = {
  summary: 'a number with its unit; comparators and full-width digits are read',
  types: ['Quantity', 'Count', 'Distance', 'Duration', 'MoneyQuantity'],
  from: 'required',
  options: { ...UNITS, system: 'text', code: 'text' },
  compile(args) {
    const unit = unitReader(args);
    return (run, field) => {
      const native = field && run.native.quantity?.(field);
      if (native?.unit !== undefined) return native;
      const sent = field?.text();
      if (sent === undefined) return undefined;
      const number = measured(sent);
      if (number) return makeQuantity(number, unit(run));
      return run.issue('warning', 'field.invalid', field!.place, 'the value is no number');
    };
  },
};

const AGE_UNITS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    岁: 'a',
    年: 'a',
    月: 'mo',
    个月: 'mo',
    周: 'wk',
    天: 'd',
    日: 'd',
    小时: 'h',
    时: 'h',
    y: 'a',
    m: 'mo',
    w: 'wk',
    d: 'd',
    h: 'h',
    a: 'a',
    mo: 'mo',
    wk: 'wk',
  }),
);

export const age: Converter = {
  summary: 'an age: 3岁, 8月, 5天',
  types: ['Age'],
  from: 'required',
  options: { unit: 'text' },
  compile(args) {
    const unit = args.text('unit');
    return (run, field) => {
      const sent = field?.text();
      if (sent === undefined) return undefined;
      const match = /^(.*?\d)\s*([\p{L}]*)$/u.exec(sent);
      const number = match ? measured(match[1]!) : undefined;
      const shown = match?.[2] || unit?.(run) || '岁';
      const code = AGE_UNITS.get(shown) ?? AGE_UNITS.get(shown.toLowerCase());
      if (number && code) return makeQuantity(number, { unit: shown, system: UCUM, code });
      return run.issue('warning', 'field.invalid', field!.place, 'the value is no age');
    };
  },
};

function rangeOf(text: string, unit: () => Unit): fhir4.Range | undefined {
  const bounds = interval(text);
  if (!bounds) return undefined;
  const of = unit();
  return {
    ...(bounds.low ? { low: makeQuantity({ number: bounds.low }, of) } : {}),
    ...(bounds.high ? { high: makeQuantity({ number: bounds.high }, of) } : {}),
  };
}

export const range: Converter = {
  summary: 'two bounds or one: 3.9-6.1, ≥60',
  types: ['Range'],
  from: 'required',
  options: UNITS,
  compile(args) {
    const unit = unitReader(args);
    return (run, field) => {
      const native = field && run.native.range?.(field);
      if (native) return native;
      const sent = field?.text();
      if (sent === undefined) return undefined;
      return (
        rangeOf(sent, () => unit(run)) ?? run.issue('warning', 'field.invalid', field!.place, 'the value is no range')
      );
    };
  },
};

function ratioOf(text: string): fhir4.Ratio | undefined {
  const [first = '', second = '', more] = text.split(/[:：]/);
  const [above, below] = [measured(first), measured(second)];
  if (!above || !below || more !== undefined || below.comparator) return undefined;
  // A titre has no unit of its own on either side.
  return { numerator: makeQuantity(above, {}), denominator: makeQuantity(below, {}) };
}

export const ratio: Converter = {
  summary: 'a titre or ratio: 1:40',
  types: ['Ratio'],
  from: 'required',
  options: {},
  compile: () => (run, field) => {
    const native = field && run.native.ratio?.(field);
    if (native) return native;
    const sent = field?.text();
    if (sent === undefined) return undefined;
    return ratioOf(sent) ?? run.issue('warning', 'field.invalid', field!.place, 'the value is no ratio');
  },
};

export const referenceRange: Converter = {
  summary: 'a reference range: its bounds where they are numbers, always its text',
  types: ['ObservationReferenceRange'],
  from: 'required',
  options: UNITS,
  compile(args) {
    const read = unitReader(args);
    const boundsOf = rememberTexts(([sent = '']) => ({ bounds: interval(sent) }));
    const made = rememberTexts(([sent = '', unit, system, code]) => ({
      ...rangeOf(sent, () => ({ unit, system, code })),
      text: sent,
    }));
    return (run, field) => {
      const native = field && run.native.referenceRange?.(field);
      if (native) return native;
      const sent = cleanText(run, field, field?.raw()?.trim());
      if (sent === undefined) return undefined;
      if (!boundsOf(run, [sent]).bounds) return { text: sent };
      const { unit = '', system = '', code = '' } = read(run);
      return made(run, [sent, unit, system, code]);
    };
  },
};

const ABSENT = 'http://terminology.hl7.org/CodeSystem/data-absent-reason';
const INTERPRETATION = 'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation';

export const labValue: Converter = {
  summary: 'a laboratory result as LIS write them: number, range, titre, coded word or text',
  types: ['Quantity', 'Range', 'Ratio', 'CodeableConcept', 'string'],
  dynamic: true,
  from: 'required',
  options: { ...UNITS, system: 'text', code: 'text', words: 'codes' },
  compile(args) {
    const [unit, words] = [unitReader(args), args.codes('words')];
    const takes = new Set(args.allowed);
    return (run, field) => {
      const sent = field?.text();
      if (sent === undefined) return undefined;
      const number = measured(sent);
      if (number && takes.has('Quantity')) return new Typed('Quantity', makeQuantity(number, unit(run)));
      const word = words?.targets(sent)?.[0];
      if (word) return worded(sent, word, takes);
      const spread =
        takes.has('Range') && /\d/.test(sent) && !isBound(sent) ? rangeOf(sent, () => unit(run)) : undefined;
      if (spread) return new Typed('Range', spread);
      const titre = takes.has('Ratio') ? ratioOf(sent) : undefined;
      if (titre) return new Typed('Ratio', titre);
      return plain(run, field!, sent, takes);
    };
  },
};

/** `<5` is a quantity with a comparator, not half a range. */
function isBound(text: string): boolean {
  return measured(text) !== undefined;
}

function plain(run: Run, field: Field, sent: string, takes: ReadonlySet<string>): Typed | undefined {
  const text = cleanText(run, field, sent);
  if (text === undefined) return undefined;
  if (takes.has('string')) return new Typed('string', text);
  return run.issue('warning', 'field.invalid', field.place, 'the result has no type that this element takes');
}

/** A word with a meaning: why there is no result, how a result is judged, or a coded result. */
function worded(
  sent: string,
  { system, code, display }: { system?: string; code: string; display?: string },
  takes: ReadonlySet<string>,
): Typed {
  const concept = { coding: [{ ...(system ? { system } : {}), code, ...(display ? { display } : {}) }], text: sent };
  if (system === ABSENT) return new Typed('', undefined, { dataAbsentReason: concept });
  if (system === INTERPRETATION) return new Typed('string', sent, { interpretation: [{ coding: concept.coding }] });
  return takes.has('CodeableConcept') ? new Typed('CodeableConcept', concept) : new Typed('string', sent);
}
