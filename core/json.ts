/**
 * JSON that keeps the text of numbers. FHIR decimals carry precision (R4 §2.24.0.1 "decimal"):
 * `1.50` is not `1.5`. Numbers whose text JavaScript would change are held as `JSON.rawJSON`.
 *
 * Canonical form: no white space, keys sorted by UTF-16 code unit, JCS string escapes, array order
 * kept, number text verbatim, no Unicode normalisation. Named `fhir-json-r4+lexical-numbers/1`.
 */

interface RawJson {
  readonly rawJSON: string;
}

// `JSON.rawJSON` and the reviver's source text are ES2026; TypeScript's library does not know them yet.
const json = JSON as unknown as {
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
};

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * A FHIR decimal with exactly this text, typed as the number that the FHIR types ask for.
 * @throws RangeError when the text is no JSON number
 */
export function decimal(text: string): number {
  if (!NUMBER.test(text)) throw new RangeError('not a JSON number');
  const value = Number(text);
  return String(value) === text ? value : (json.rawJSON(text) as unknown as number);
}

/** What has no such property, as nearly everything, is told without a call of the engine's own test, which is slow. */
function isRaw(value: unknown): value is RawJson {
  return (
    typeof value === 'object' && value !== null && (value as RawJson).rawJSON !== undefined && json.isRawJSON(value)
  );
}

/** The exact text of a number that `decimal` or `parseLossless` made. */
export function numberText(value: number): string {
  return isRaw(value) ? value.rawJSON : String(value);
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' || isRaw(value);
}

/** @throws SyntaxError as JSON.parse does; the message may quote the input and is not for logs */
export function parseLossless(text: string): unknown {
  return json.parse(text, (_key, value, context) =>
    typeof value === 'number' && context.source !== undefined && String(value) !== context.source
      ? json.rawJSON(context.source)
      : value,
  );
}

/** @throws TypeError for undefined, functions, lone surrogates and numbers that are not finite */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return canonicalString(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('a number is not finite');
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return canonicalArray(value);
      return isRaw(value) ? value.rawJSON : canonicalObject(value as Record<string, unknown>);
    default:
      throw new TypeError(`${typeof value} is not JSON`);
  }
}

export function canonicalBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(canonicalJson(value));
}

/** What JSON escapes, and surrogates, of which only pairs may be written. */
const SPECIAL = /["\\\0-\x1f\ud800-\udfff]/;

function canonicalString(text: string): string {
  if (!SPECIAL.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new TypeError('a string holds half a surrogate pair');
  return JSON.stringify(text);
}

function canonicalArray(items: readonly unknown[]): string {
  let out = '[';
  for (let index = 0; index < items.length; index++) out += (index === 0 ? '' : ',') + canonicalJson(items[index]);
  return `${out}]`;
}

function canonicalObject(object: Record<string, unknown>): string {
  let out = '{';
  for (const key of sorted(Object.keys(object))) {
    const value = object[key];
    if (value === undefined) continue;
    out += (out.length > 1 ? ',' : '') + written(key) + canonicalJson(value);
  }
  return `${out}}`;
}

/** By UTF-16 code unit, in place. Most objects have few keys, which insertion sorts quicker than a call of the engine's sort. */
function sorted(keys: string[]): string[] {
  if (keys.length > 16) return keys.sort();
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index]!;
    let at = index - 1;
    for (; at >= 0 && keys[at]! > key; at--) keys[at + 1] = keys[at]!;
    keys[at + 1] = key;
  }
  return keys;
}

/** Keys recur: each is escaped once. Bounded, since foreign JSON may bring any. */
const keys = new Map<string, string>();
const MOST_KEYS = 4096;

function written(key: string): string {
  let text = keys.get(key);
  if (text === undefined) {
    text = `${canonicalString(key)}:`;
    if (keys.size >= MOST_KEYS) keys.clear();
    keys.set(key, text);
  }
  return text;
}
