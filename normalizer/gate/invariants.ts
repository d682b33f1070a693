/** Invariants of data types, by type name. Those of resources are Medplum's. */
import { isNumber, numberText } from '../../core/json.ts';
import { isLater } from '../shared/datetime.ts';
import { isTree } from '../tree.ts';

type Element = Readonly<Record<string, unknown>>;

/** Key of the invariant → whether the element keeps it. */
type Rules = Readonly<Record<string, (element: Element) => boolean>>;

const quantity: Rules = { 'qty-3': (it) => it.code === undefined || it.system !== undefined };

export const INVARIANTS: Readonly<Record<string, Rules>> = {
  Attachment: { 'att-1': (it) => !has(it, 'data') || has(it, 'contentType') },
  Age: quantity,
  ContactPoint: { 'cpt-2': (it) => !has(it, 'value') || has(it, 'system') },
  Count: quantity,
  Distance: quantity,
  Duration: quantity,
  Extension: {
    'ext-1': (it) => has(it, 'extension') !== Object.keys(it).some((key) => /^_?value[A-Z]/.test(key)),
  },
  Period: { 'per-1': (it) => !later(it.start, it.end) },
  Quantity: quantity,
  Range: {
    'rng-2': (it) => !greater(amount(it.low), amount(it.high)),
  },
  Ratio: {
    'rat-1': (it) =>
      (has(it, 'numerator') && has(it, 'denominator')) ||
      (!has(it, 'numerator') && !has(it, 'denominator') && has(it, 'extension')),
  },
  TimingRepeat: {
    'tim-1': (it) => !has(it, 'duration') || has(it, 'durationUnit'),
    'tim-2': (it) => !has(it, 'period') || has(it, 'periodUnit'),
    'tim-4': (it) => !negative(it.duration),
    'tim-5': (it) => !negative(it.period),
    'tim-6': (it) => !has(it, 'periodMax') || has(it, 'period'),
    'tim-7': (it) => !has(it, 'durationMax') || has(it, 'duration'),
    'tim-8': (it) => !has(it, 'countMax') || has(it, 'count'),
    'tim-9': (it) =>
      !has(it, 'offset') || (Array.isArray(it.when) && !it.when.some((code) => /^(C|CM|CD|CV)$/.test(String(code)))),
    'tim-10': (it) => !has(it, 'timeOfDay') || !has(it, 'when'),
  },
};

function has(element: Element, name: string): boolean {
  return element[name] !== undefined || element[`_${name}`] !== undefined;
}

function amount(quantityLike: unknown): unknown {
  return isTree(quantityLike) ? quantityLike.value : undefined;
}

function greater(a: unknown, b: unknown): boolean {
  return isNumber(a) && isNumber(b) && Number(numberText(a)) > Number(numberText(b));
}

function negative(value: unknown): boolean {
  return isNumber(value) && Number(numberText(value)) < 0;
}

function later(start: unknown, end: unknown): boolean {
  return typeof start === 'string' && typeof end === 'string' && isLater(start, end);
}
