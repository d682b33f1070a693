import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimal } from '../../../core/json.ts';
import { differences, withoutIndices } from './compare.ts';

const short = (before: unknown, after: unknown) =>
  differences(before, after, 'A').map(({ kind, path }) => `${kind} ${path}`);

describe('differences are told by element', () => {
  test.each([
    [{ a: 1 }, { a: 1 }, []],
    [{ a: 1 }, { a: 2 }, ['changed A.a']],
    [{ a: 1 }, { b: 1 }, ['removed A.a', 'added A.b']],
    [{ toString: 1 }, { a: 1 }, ['added A.a', 'removed A.toString']],
    [{ a: [{ x: 1 }, { x: 2 }] }, { a: [{ x: 0 }, { x: 1 }, { x: 2 }] }, ['added A.a[0]']],
    [{ a: [{ x: 1, y: 1 }] }, { a: [{ x: 1, y: 2 }] }, ['changed A.a[0].y']],
    [{ a: ['p', 'p', 'q'] }, { a: ['p', 'q'] }, ['removed A.a[0]']],
    [{ a: ['p', 'q'] }, { a: ['q', 'p'] }, ['changed A.a (order)']],
    [{ a: decimal('1.50') }, { a: decimal('1.5') }, ['changed A.a']],
    [{ a: 1 }, { a: { b: 1 } }, ['changed A.a']],
  ])('%j → %j', (before, after, found) => {
    expect(short(before, after)).toEqual(found);
  });

  test('none exactly where both are the same', () => {
    const tree = fc.letrec((tie) => ({
      leaf: fc.oneof(fc.integer(), fc.string(), fc.boolean()),
      node: fc.oneof(
        { depthSize: 'small' },
        tie('leaf'),
        fc.array(tie('node')),
        fc.dictionary(fc.string(), tie('node')),
      ),
    })).node;
    fc.assert(
      fc.property(tree, tree, (a, b) => {
        expect(short(a, structuredClone(a))).toEqual([]);
        expect(short(a, b).length > 0).toBe(!sameJson(a, b));
      }),
    );
  });
});

function sameJson(a: unknown, b: unknown): boolean {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sorted)
      : typeof value === 'object' && value !== null
        ? Object.entries(value)
            .sort(([x], [y]) => (x < y ? -1 : 1))
            .map(([key, item]) => [key, sorted(item)])
        : Object.is(value, -0)
          ? 0
          : value;
  const mark = (value: unknown) => (Array.isArray(value) ? 'list' : typeof value);
  return mark(a) === mark(b) && JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)) && kinds(a) === kinds(b);
}

/** Tells an empty list from an empty object. */
function kinds(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(kinds)}]`;
  if (typeof value !== 'object' || value === null) return '.';
  return `{${Object.keys(value)
    .sort()
    .map((key) => kinds((value as Record<string, unknown>)[key]))}}`;
}

test('indices are left out of counts', () => {
  expect(withoutIndices('Patient.name[0].given[12]')).toBe('Patient.name.given');
});
