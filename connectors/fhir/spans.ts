/**
 * Where the members of a JSON value stand in its text, so that a resource can be taken out of a page byte for byte:
 * parsing and writing again would change `1.50`. For text that `JSON.parse` has accepted; iterative.
 */

/** Byte offsets, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

/** Members of the object that begins at `start`; of a repeated key the last, as in `JSON.parse`. */
export function memberSpans(json: Uint8Array, start: number): Map<string, Span> {
  const members = new Map<string, Span>();
  let at = skipSpace(json, start + 1);
  while (json[at] === QUOTE) {
    const keyEnd = stringEnd(json, at);
    const key = JSON.parse(Buffer.from(json.subarray(at, keyEnd)).toString('utf8')) as string;
    const valueStart = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const end = valueEnd(json, valueStart);
    members.set(key, { start: valueStart, end });
    at = skipSpace(json, end);
    if (json[at] === COMMA) at = skipSpace(json, at + 1);
  }
  return members;
}

/** Elements of the array that begins at `start`. */
export function* elementSpans(json: Uint8Array, start: number): Generator<Span> {
  let at = skipSpace(json, start + 1);
  while (at < json.length && json[at] !== 0x5d) {
    const end = valueEnd(json, at);
    yield { start: at, end };
    at = skipSpace(json, end);
    if (json[at] === COMMA) at = skipSpace(json, at + 1);
  }
}

/** Offset of the first byte that is no white space. */
export function skipSpace(json: Uint8Array, from: number): number {
  let at = from;
  while (json[at] === 0x20 || json[at] === 0x0a || json[at] === 0x0d || json[at] === 0x09) at++;
  return at;
}

/** End of the value that begins at `start`. */
export function valueEnd(json: Uint8Array, start: number): number {
  const first = json[start];
  if (first === QUOTE) return stringEnd(json, start);
  if (first !== 0x7b && first !== 0x5b) return scalarEnd(json, start);
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) at = stringEnd(json, at) - 1;
    else if (byte === 0x7b || byte === 0x5b) depth++;
    else if ((byte === 0x7d || byte === 0x5d) && --depth === 0) return at + 1;
  }
  return json.length;
}

function stringEnd(json: Uint8Array, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    if (json[at] === BACKSLASH) at++;
    else if (json[at] === QUOTE) return at + 1;
  }
  return json.length;
}

function scalarEnd(json: Uint8Array, start: number): number {
  let at = start;
  while (at < json.length && json[at]! > 0x20 && ![COMMA, COLON, 0x5d, 0x7d].includes(json[at]!)) at++;
  return at;
}
