/** Reckoning with watermarks in their text form: times as `YYYY-MM-DD HH:MM:SS.f…`, or whole numbers. */
import type { Column } from './driver.ts';

export interface Scale {
  readonly kind: 'time' | 'number' | 'none';
  /** How far back a round looks: ms or numbers. */
  readonly overlap: number;
  /** A bound is a multiple of this, as the column's values are: ms. */
  readonly unit: number;
}

/** Digests are kept this much longer, since two clocks are never read at once. */
export const SLACK_MS = 5000;
/** First and last time that have a place in the order; infinity and 0000-00-00 have none. */
export const [FLOOR, CEILING] = ['0001-01-01 00:00:00.000000', '9999-12-31 23:59:59.999999'];

const DAY_MS = 86_400_000;

export function scaleOf(watermark: Column | null, overlapSeconds: number, overlapNumbers: number): Scale {
  if (!watermark) return { kind: 'none', overlap: 0, unit: 1 };
  if (watermark.family === 'integer' || watermark.family === 'decimal') {
    return { kind: 'number', overlap: overlapNumbers, unit: 1 };
  }
  // A day's rows go on appearing under its date until it ends.
  const isDate = watermark.family === 'date';
  return { kind: 'time', overlap: overlapSeconds * 1000 + (isDate ? DAY_MS : 0), unit: isDate ? DAY_MS : 1 };
}

export function compare({ kind }: Scale, a: string, b: string): number {
  if (kind === 'number') {
    const difference = BigInt(a) - BigInt(b);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

export function minus({ kind, unit }: Scale, at: string, amount: number): string {
  if (kind === 'number') return `${BigInt(at) - BigInt(amount)}`;
  return stampText(Math.floor((stampMs(at) - amount) / unit) * unit);
}

/** Where the digest of a row is filed. */
export function groupOf({ kind }: Scale, at: string): string {
  return kind === 'time' ? at.slice(0, 19) : at;
}

/** Milliseconds since 1970 as if the text were UTC. */
export function stampMs(text: string): number {
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11, 23).padEnd(12, '0')}Z`);
}

export function stampText(ms: number): string {
  const clamped = Math.max(stampMs(FLOOR!), Math.min(ms, stampMs(CEILING!)));
  return `${new Date(Math.floor(clamped)).toISOString().slice(0, 23).replace('T', ' ')}000`;
}

/** What clocks on the wall of this zone show at an instant, as if it were UTC. */
export function wallMs(instant: number, timezone: string): number {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: timezone,
    hourCycle: 'h23',
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' },
  } as Intl.DateTimeFormatOptions);
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
  const { year, month, day, hour, minute, second } = part as Record<string, string>;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) + (instant % 1000);
}
