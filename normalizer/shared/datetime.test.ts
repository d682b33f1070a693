/** Days of the calendar; other times are tested with what reads them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pointInTime } from './datetime.ts';

test('takes just the days that the calendar has', () => {
  fc.assert(
    fc.property(fc.nat(9999), fc.nat(13), fc.nat(32), (year, month, day) => {
      const date = new Date(0);
      date.setUTCFullYear(year, month - 1, day);
      const exists = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
      const text = `${String(year).padStart(4, '0')}${String(month).padStart(2, '0')}${String(day).padStart(2, '0')}`;
      fc.pre(year > 0 && text !== '19000101');
      expect(pointInTime(text, '+00:00') !== 'invalid').toBe(exists);
    }),
    { numRuns: 2000 },
  );
});
