import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, decimal, isNumber, numberText, parseLossless } from './json.ts';

/** Canonical form by its definition: the engine's own sort and escapes. */
function byDefinition(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(byDefinition).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, one]) => `${JSON.stringify(key)}:${byDefinition(one)}`).join(',')}}`;
}

describe('canonical JSON', () => {
  test('is what its definition says, of any JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5, stringUnit: 'grapheme' }), (text) => {
        const value: unknown = JSON.parse(text);
        expect(canonicalJson(value)).toBe(byDefinition(value));
      }),
      { numRuns: 1000 },
    );
  });

  test('sorts many keys, keys that look like numbers and those that name a prototype', () => {
    const text = `{${Array.from({ length: 40 }, (_, n) => `"k${n * 7}":${n}`).join(',')},"10":1,"9":2,"__proto__":3}`;
    expect(canonicalJson(JSON.parse(text))).toBe(byDefinition(JSON.parse(text)));
  });

  test('keeps the text of numbers', () => {
    const text = '{"a":1.50,"b":-0.0,"c":1e3,"d":12345678901234567890.123456789}';
    expect(canonicalJson(parseLossless(text))).toBe(text);
    expect([isNumber(decimal('1.50')), numberText(decimal('1.50'))]).toEqual([true, '1.50']);
  });

  test.each([undefined, () => 0, Number.NaN, Number.POSITIVE_INFINITY, 'a\ud800', { '\udc00': 1 }, [undefined]])(
    'refuses what has no JSON: %#',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(TypeError);
    },
  );
});
