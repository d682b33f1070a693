/** Two values of which R4 does not take one beside the other: it is kept as an extension, and has no value there. */
import { isNumber, numberText } from '../../core/json.ts';
import { isOrdered } from '../shared/datetime.ts';
import { CURRENCIES } from '../terminology/currencies.ts';
import type { Told, Tree } from './index.ts';

/** On `Period.end`: R4 (per-1) refuses one before the start, or so coarse that it includes it. */
const END = 'urn:dhc:extension:end-as-sent';
/** On `Range`, whose high end R4 (rng-2) refuses below the low one. */
const HIGH = 'urn:dhc:extension:high-as-sent';
/** On `Money.currency`, which R4 binds to ISO 4217. */
const CURRENCY = 'urn:dhc:extension:currency-as-sent';

export function settlePeriod(period: Tree, start: string, end: string, told: Told): void {
  if (isOrdered(start, end)) return;
  told.note('an end that R4 does not take beside its start was kept as an extension');
  delete period.end;
  period._end = { extension: [{ url: END, valueDateTime: end }] };
}

export function settleRange(range: Tree, low: Tree, high: Tree, told: Told): void {
  if (isRising(low, high)) return;
  told.note('an upper bound below the lower one was kept as an extension');
  delete range.high;
  range.extension = [...((range.extension ?? []) as Tree[]), { url: HIGH, valueQuantity: high }];
}

/** True also where one of the bounds has no number. */
export function isRising(low: Tree, high: Tree): boolean {
  if (!isNumber(low.value) || !isNumber(high.value)) return true;
  return Number(numberText(low.value)) <= Number(numberText(high.value));
}

export function settleCurrency(money: Tree, currency: string, told: Told): void {
  if (CURRENCIES.has(currency)) return;
  told.note('a currency that ISO 4217 does not have was kept as an extension');
  delete money.currency;
  money._currency = { extension: [{ url: CURRENCY, valueString: currency }] };
}
