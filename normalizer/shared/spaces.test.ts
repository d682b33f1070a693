import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isInk, singleSpaced } from './spaces.ts';

test('ink is no white space and no control character', () => {
  for (let unit = 0; unit <= 0xffff; unit += 1) {
    if (!isInk(unit)) continue;
    const sign = String.fromCharCode(unit);
    expect(sign.trim()).toBe(sign);
    expect(sign).toMatch(/[^\s\p{Cc}]/u);
  }
});

test('texts come out trimmed and with single spaces, whatever they hold', () => {
  const signs = fc.constantFrom('a', '张', ' ', '\t', '\u00a0', '\u3000', '\ufeff', '😀', '\0', '-');
  fc.assert(
    fc.property(fc.array(signs, { maxLength: 8 }), (made) => {
      expect(singleSpaced(made.join(''))).toBe(made.join('').trim().replaceAll(/\s+/g, ' '));
    }),
  );
});
