/** Laboratory results as LIS write them → exact FHIR values. A number is never computed: its text is kept. */
import { decimal } from '../../core/json.ts';

export interface Measured {
  readonly comparator?: '<' | '<=' | '>' | '>=';
  /** JSON number text. */
  readonly number: string;
}

const RESULT = /^(<=|>=|<|>|≤|≥|＜|＞)?\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)$/;
const PLAIN = /^(?:0|[1-9]\d*)(?:\.\d+)?$/;
const COMPARATORS: Readonly<Record<string, Measured['comparator']>> = {
  '<': '<',
  '＜': '<',
  '≤': '<=',
  '<=': '<=',
  '>': '>',
  '＞': '>',
  '≥': '>=',
  '>=': '>=',
};

/** `5.10`, `<0.1`, `＜０．１`, `+7`; undefined for anything else (`1+`, `阴性(-)`, `3.9-6.1`). */
export function measured(text: string): Measured | undefined {
  // Nearly all results: a JSON number as it stands.
  if (text.length <= 15 && PLAIN.test(text)) return { number: text };
  const match = RESULT.exec(halfWidth(text).trim());
  const number = match ? jsonNumber(match[2]!) : undefined;
  if (!match || number === undefined) return undefined;
  const comparator = match[1] ? COMPARATORS[match[1]] : undefined;
  return comparator ? { comparator, number } : { number };
}

export interface Interval {
  readonly low?: string;
  readonly high?: string;
}

/** A reference range that is two numbers or one bound: `3.9-6.1`, `3.9--6.1`, `3.9～6.1`, `<5.2`, `≥60`. */
export function interval(text: string): Interval | undefined {
  const plain = halfWidth(text).trim();
  const both = /^([+-]?\d+(?:\.\d+)?)\s*(?:-{1,2}|~|～|—|–|至)\s*([+-]?\d+(?:\.\d+)?)$/.exec(plain);
  if (both) {
    const low = jsonNumber(both[1]!)!;
    const high = jsonNumber(both[2]!)!;
    return Number(low) <= Number(high) ? { low, high } : undefined;
  }
  // A bound without equality is not a FHIR low or high, which include their value.
  const one = measured(plain);
  if (one?.comparator === '<=') return { high: one.number };
  if (one?.comparator === '>=') return { low: one.number };
  return undefined;
}

export interface Unit {
  readonly unit?: string | undefined;
  readonly system?: string | undefined;
  readonly code?: string | undefined;
}

export function quantity({ comparator, number }: Measured, unit: Unit): fhir4.Quantity {
  const made: fhir4.Quantity = { value: decimal(number) };
  if (comparator) made.comparator = comparator;
  if (unit.unit) made.unit = unit.unit;
  if (unit.system && unit.code) {
    made.system = unit.system;
    made.code = unit.code;
  }
  return made;
}

/** The text as a JSON number of the same value and precision: `+5` → `5`, `.50` → `0.50`, `007` → `7`. */
function jsonNumber(text: string): string | undefined {
  const match = /^([+-]?)0*(\d*)(?:\.(\d*))?([eE][+-]?\d+)?$/.exec(text);
  if (!match || text.length > 40) return undefined;
  const [, sign, whole, fraction, exponent = ''] = match;
  const number = `${sign === '-' ? '-' : ''}${whole || '0'}${fraction ? `.${fraction}` : ''}${exponent}`;
  return Number.isFinite(Number(number)) ? number : undefined;
}

const FULL_WIDTH = /[\uFF01-\uFF5E]/;

/** Full-width digits, signs and brackets as Chinese keyboards write them. */
export function halfWidth(text: string): string {
  if (!FULL_WIDTH.test(text)) return text;
  return text.replaceAll(/[\uFF01-\uFF5E]/g, (char) => String.fromCharCode(char.charCodeAt(0) - 0xfee0));
}
