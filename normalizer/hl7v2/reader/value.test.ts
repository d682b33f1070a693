import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SourceTracker } from '../../sources.ts';
import { readMessage } from './message.ts';

const text = fc.string({ unit: fc.constantFrom(...'ab1^&~ '), maxLength: 24 });
/** Which leaf is asked for: repetition, component, sub-component; from 1. */
const question = fc.tuple(
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: 1, max: 4 }),
  fc.integer({ min: 1, max: 3 }),
);

function segmentOf(field: string) {
  return readMessage(Buffer.from(`MSH|^~\\&|A\rZZZ|x|${field}`), undefined).first('ZZZ')!;
}

/** The field as three nested lists. */
function naive(field: string): string[][][] {
  return field.split('~').map((repetition) => repetition.split('^').map((component) => component.split('&')));
}

test('a value read lazily is what splitting all of it gives, in any order of questions', () => {
  fc.assert(
    fc.property(text, fc.array(question, { maxLength: 12 }), (field, questions) => {
      const segment = segmentOf(field);
      const all = naive(field.trimEnd());
      for (const [repetition, component, part] of questions) {
        const value = segment.repetition(2, repetition);
        const written = all[repetition - 1]?.[component - 1]?.[part - 1] ?? '';
        expect(value?.part(component).part(part).decoded ?? '').toBe(written);
        expect(value?.present([component, part]) !== undefined).toBe(written !== '');
      }
    }),
  );
});

test('the coverage counts each populated leaf once, as read or as left', () => {
  fc.assert(
    fc.property(text, fc.array(question, { maxLength: 6 }), (field, questions) => {
      const segment = segmentOf(field);
      const sources = new SourceTracker(false);
      sources.account(segment);
      const read = new Set<string>();
      for (const [repetition, component, part] of questions)
        if (segment.repetition(2, repetition)?.part(component).part(part).decoded !== undefined)
          read.add([repetition, component, part].join());
      const leaves = naive(field.trimEnd())
        .flat(2)
        .filter((leaf) => leaf !== '').length;
      const { seen, mapped, left } = sources.coverage();
      expect({ seen, mapped }).toEqual({ seen: leaves + 1, mapped: read.size });
      expect(Object.values(left).reduce((sum, count) => sum + count, 0)).toBe(seen - mapped);
    }),
  );
});

test('what was read of one value is marked in another with the same text, and nothing else', () => {
  fc.assert(
    fc.property(text, fc.array(question, { maxLength: 6 }), (field, questions) => {
      const [one, other] = [segmentOf(field).field(2), segmentOf(field)];
      const { marks } = one.watch(() => {
        for (const [, component, part] of questions) one.part(component).part(part).decoded;
      });
      const first = new SourceTracker(false);
      first.account(one);
      marks.applyTo(other.field(2));
      const second = new SourceTracker(false);
      second.account(other.field(2));
      expect(second.coverage()).toEqual(first.coverage());
    }),
  );
});
