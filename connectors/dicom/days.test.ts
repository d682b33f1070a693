import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, periodsFrom, today } from './days.ts';

const day = fc
  .date({ min: new Date('1970-01-01'), max: new Date('2099-12-30'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10).replaceAll('-', ''));

describe('days', () => {
  it('count as a calendar does', () => {
    expect(['20240228', '20240229', '20231231', '20240301'].map((from) => addDays(from, 1))).toEqual([
      '20240229',
      '20240301',
      '20240101',
      '20240302',
    ]);
    expect(addDays('20240301', -1)).toBe('20240229');
  });

  it('are stepped over in periods that leave out none', () => {
    fc.assert(
      fc.property(day, day, (from, last) => {
        for (const { range, next } of periodsFrom(from, last)) {
          expect(range).toBe(`${from}-${addDays(next, -1)}`);
          expect(next > from && next <= last).toBe(true);
          expect(next.endsWith('01')).toBe(true);
        }
      }),
    );
    expect(periodsFrom('20240101', '20261231').map(({ next }) => next)).toEqual(['20250101', '20240201']);
    expect(periodsFrom('20241201', '20261231').map(({ next }) => next)).toEqual(['20250101']);
    expect(periodsFrom('20241202', '20261231')).toEqual([]);
  });

  it('follow the zone of the hospital', () => {
    expect(today('Asia/Shanghai')).toMatch(/^20\d{6}$/);
  });
});
