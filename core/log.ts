/**
 * Log lines as JSON with an allow-list of fields. A value that does not have the form of its field is withheld:
 * a net below the rule that no patient value is ever handed to a log.
 */
import { type DestinationStream, destination, pino } from 'pino';
import { codes } from './codes.ts';
import type { Log, LogFields } from './types.ts';

export type LogLevel = 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  readonly level?: LogLevel;
  /** File to append to; standard error where left out. */
  readonly file?: string;
  /** Instead of a file: anything with `write(line)`. */
  readonly stream?: DestinationStream;
}

const ID = /^[a-z0-9][a-z0-9:_-]{0,127}$/i;
const WORD = /^[a-z][a-z0-9 .-]{0,63}$/i;
const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);
const matches = (form: RegExp) => (value: unknown) => typeof value === 'string' && form.test(value);

/** The form of each field that a line may carry. */
const forms: Record<keyof LogFields, (value: unknown) => boolean> = {
  feed: matches(/^[a-z][a-z0-9-]{0,62}$/),
  run: matches(ID),
  batch: matches(ID),
  item: matches(/^[0-9a-f]{32}$/),
  stage: matches(WORD),
  code: (value) => typeof value === 'string' && Object.hasOwn(codes, value),
  service: matches(WORD),
  address: matches(/^[a-z0-9+.-]*(:\/\/)?[a-z0-9.:[\]_-]{1,255}(\/[a-z0-9/._-]*)?$/i),
  count: isNumber,
  bytes: isNumber,
  ms: isNumber,
  cid: matches(/^b[a-z2-7]{20,120}$/),
  tx: matches(/^0x[0-9a-f]{64}$/i),
  status: matches(WORD),
};

/** Fixed phrases of ours: letters and common marks, no run of digits that could be a number of a person. */
const EVENT = /^(?!.*\d{4})[A-Za-z0-9 ,.:;'()/-]{1,120}$/;
const WITHHELD = '(withheld)';

export function createLog(options: LogOptions = {}): Log {
  const stream =
    options.stream ??
    destination({ dest: options.file ?? 2, append: true, mkdir: options.file !== undefined, sync: true });
  const logger = pino({ level: options.level ?? 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
  const write = (level: 'info' | 'warn' | 'error') => (event: string, fields?: LogFields) =>
    logger[level](allowed(fields), EVENT.test(event) ? event : WITHHELD);
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

/** Drops what is no field of ours, withholds what has not its field's form. */
export function allowed(fields: LogFields = {}): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, form] of Object.entries(forms)) {
    const value = fields[name as keyof LogFields];
    if (value !== undefined) out[name] = form(value) ? value : WITHHELD;
  }
  return out;
}
