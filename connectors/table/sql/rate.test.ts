import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RowRate } from './rate.ts';

it('lets no more rows through than one burst, one page and the rate over time', () => {
  const pages = fc.array(fc.record({ rows: fc.nat({ max: 300 }), pause: fc.nat({ max: 2000 }) }), { maxLength: 50 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), pages, (perSecond, steps) => {
      let now = 0;
      const rate = new RowRate(perSecond, () => now);
      let taken = 0;
      for (const { rows, pause } of steps) {
        now += pause;
        for (let ms = rate.missingMs(); ms > 0; ms = rate.missingMs()) now += Math.ceil(ms);
        const before = taken;
        rate.spend(rows);
        taken += rows;
        expect(before).toBeLessThanOrEqual(perSecond * (1 + now / 1000) + 1e-6);
      }
    }),
  );
});

it('waits until the signal ends it', async () => {
  const rate = new RowRate(1);
  rate.spend(1000);
  await expect(rate.wait(AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'AbortError' });
});
