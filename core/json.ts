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

/** The exact text of a number that `decimal` or `parseLossless` made. */
export function numberText(value: number): string {
  return json.isRawJSON(value) ? value.rawJSON : String(value);
}

export function isNumber(value: unknown): value is number {
  return typeof value === 'number' || json.isRawJSON(value);
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
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return canonicalString(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('a number is not finite');
    return String(value);
  }
  if (json.isRawJSON(value)) return value.rawJSON;
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object') throw new TypeError(`${typeof value} is not JSON`);
  return canonicalObject(value as Record<string, unknown>);
}

export function canonicalBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(canonicalJson(value));
}

function canonicalString(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('a string holds half a surrogate pair');
  return JSON.stringify(text);
}

function canonicalObject(object: Record<string, unknown>): string {
  let out = '';
  for (const key of Object.keys(object).sort()) {
    const value = object[key];
    if (value === undefined) continue;
    out += `${out ? ',' : ''}${canonicalString(key)}:${canonicalJson(value)}`;
  }
  return `{${out}}`;
}
