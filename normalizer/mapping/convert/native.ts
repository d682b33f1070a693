/** A value of the type that the source itself names: CDA's xsi:type. */
import { isLater } from '../../shared/datetime.ts';
import { type Run, Typed } from '../run.ts';
import type { Field, NativeValue } from '../sources/format.ts';
import type { Converter } from './spec.ts';
import { cleanText } from './text.ts';
import { readDateTime } from './time.ts';

export const value: Converter = {
  summary: 'a value by the type that the source itself names (CDA: xsi:type); else text',
  types: ['Quantity', 'CodeableConcept', 'string', 'boolean', 'integer', 'Range', 'Ratio', 'dateTime', 'Period'],
  dynamic: true,
  from: 'required',
  options: { unit: 'text' },
  compile(args) {
    const unit = args.text('unit');
    const takes = new Set(args.allowed);
    return (run, field) => {
      if (!field) return undefined;
      const made = typed(run, field, run.native.value?.(field, unit?.(run)));
      if (made && (made.value === undefined || takes.has(made.type))) return made;
      const text = cleanText(run, field, field.raw()?.trim());
      if (text === undefined) return undefined;
      if (takes.has('string')) return new Typed('string', text);
      return run.issue('warning', 'field.invalid', field.place, 'the value has no type that this element takes');
    };
  },
};

function typed(run: Run, field: Field, found: NativeValue | undefined): Typed | undefined {
  if (found === 'time') {
    const point = moment(run, run.native.time?.(field));
    return point === undefined ? undefined : new Typed('dateTime', point);
  }
  if (found === 'interval') {
    const bounds = run.native.interval?.(field);
    const [start, end] = [moment(run, bounds?.start), moment(run, bounds?.end)];
    if (start && end && isLater(start, end)) return undefined;
    return start || end ? new Typed('Period', { ...(start ? { start } : {}), ...(end ? { end } : {}) }) : undefined;
  }
  return found && new Typed(found.type, found.value, found.beside);
}

function moment(run: Run, field: Field | undefined): string | undefined {
  const text = field?.text();
  return field && text !== undefined ? readDateTime(run, field, text, run.zone) : undefined;
}
