/**
 * Copies for what outlives its item. A text that was cut from another is kept by the engine as a place in that one: a code that
 * is remembered would keep the whole message in memory, and the patient with it.
 */
import { decimal, isNumber, numberText } from '../../core/json.ts';

/** Shorter ones are copied by the engine itself; asking for less costs nothing but is not needed. */
const SHORTEST = 8;
const ONE_BYTE = /^[\0-\xff]*$/;

export function detachedText(text: string): string {
  if (text.length < SHORTEST) return text;
  const encoding = ONE_BYTE.test(text) ? 'latin1' : 'utf16le';
  return Buffer.from(text, encoding).toString(encoding);
}

/** @param part a tree of JSON */
export function detached<T>(part: T): T {
  if (typeof part === 'string') return detachedText(part) as T;
  if (typeof part !== 'object' || part === null) return part;
  if (isNumber(part)) return decimal(detachedText(numberText(part))) as T;
  if (Array.isArray(part)) return part.map(detached) as T;
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, detached(value)])) as T;
}
