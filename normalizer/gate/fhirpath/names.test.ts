import { expect, test } from 'vitest';
import { ruleOf } from '../invariants.ts';
import { resourceTypes, typeRow } from '../table.ts';
import { generate, random } from '../testing/generate.ts';
import { byNames } from './names.ts';

test.each([
  ['code.empty() or system.exists()', ['code'], false],
  ['code.empty() or system.exists()', ['code', '_system'], true],
  ['extension.exists() != value.exists()', ['url', 'valueQuantity'], true],
  ['extension.exists() != value.exists()', ['url', 'extension', '_valueString'], false],
  ['start.hasValue().not() or end.hasValue().not() or (start <= end)', ['start'], true],
  ['start.hasValue().not() or end.hasValue().not() or (start <= end)', ['start', 'end'], undefined],
  ["a.where(b = 'x').empty() or c.empty()", ['c'], true],
  ["a.where(b = 'x').empty() or c.empty()", ['a', 'c'], undefined],
  ["%resource.type = 'x' or a.exists()", ['b'], undefined],
  ['descendants().empty()', [], undefined],
  // Nothing, which is neither: it depends on what else is said.
  ['a = 1', [], undefined],
])('%s of %j: %s', (expression, names, verdict) => expect(byNames(expression)(names)).toBe(verdict));

test('what names say of an invariant is what the whole says, for resources of all types with any properties', () => {
  let [told, broken] = [0, 0];
  for (const [seed, type] of resourceTypes().entries())
    for (let turn = 0; turn < 20; turn++) {
      const next = random(1000 * seed + turn);
      const whole = generate(type, next, 0.8) as Record<string, unknown>;
      const names = Object.keys(whole).filter(() => next() < 0.5);
      const resource = Object.fromEntries(names.map((name) => [name, whole[name]]));
      for (const rule of (typeRow(type)?.rules ?? []).map(ruleOf)) {
        const verdict = rule.byNames(names);
        if (verdict === undefined) continue;
        told += 1;
        if (rule.holds(resource, resource) !== verdict) throw new Error(`${rule.breach} with ${names.join()}`);
        if (!verdict) broken += 1;
      }
    }
  expect(told).toBeGreaterThan(1000);
  expect(broken).toBeGreaterThan(20);
});
