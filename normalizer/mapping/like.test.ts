import { expect, test } from 'vitest';
import type { NormalizeContext } from '../context.ts';
import { compileMap } from './compile-text.ts';
import { runMap } from './execute.ts';
import { MapError } from './problems.ts';

const context: NormalizeContext = {
  hospital: { id: 'h', name: 'H', timezone: 'Asia/Shanghai' },
  feed: 'f',
  receivedAt: '2026-01-01T00:00:00Z',
};
const map = (like: string) => `map: likes
version: 1.0.0
source: json
owner: { system: 'urn:x', value: $patient }
fragments:
  measured:
    status: final
    code: { text: $name }
    note: { text: first }
resources:
  - Observation: value
    each: $values[*]
    like: ${like}
    key: [!owner , $name]
    alias: [$name]
    +note: { text: second }
    derivedFrom: [!ref { to: value, alias: [$of] }]
`;

test('a resource takes the members of a fragment, and others of the item find it by its alias', () => {
  const item = {
    patient: '1',
    values: [{ name: 'a' }, { name: 'b', of: 'a' }, { name: 'c', of: 'later' }, { name: 'later' }],
  };
  const made = runMap(
    compileMap(map('measured'), 'likes.yaml'),
    { kind: 'json', sourceKey: 'k', bytes: new TextEncoder().encode(JSON.stringify(item)) } as never,
    context,
  );
  if (made.status === 'rejected') throw new Error(JSON.stringify(made.issues));
  const entries = made.bundle.entry!.filter(({ resource }) => resource!.resourceType === 'Observation');
  const all = entries.map(({ resource }) => resource as fhir4.Observation);
  const byName = Object.fromEntries(entries.map(({ fullUrl }, index) => [fullUrl, all[index]!.code.text]));
  expect(all.map(({ code, status }) => [code.text, status]).sort()).toEqual([
    ['a', 'final'],
    ['b', 'final'],
    ['c', 'final'],
    ['later', 'final'],
  ]);
  expect(all[0]!.note).toEqual([{ text: 'first' }, { text: 'second' }]);
  const from = all.map(({ code, derivedFrom }) => [code.text, derivedFrom?.map(({ reference }) => byName[reference!])]);
  expect(Object.fromEntries(from)).toEqual({ a: undefined, b: ['a'], c: undefined, later: undefined });
});

test('a fragment that is not there is told', () => {
  expect(() => compileMap(map('mesured'), 'likes.yaml')).toThrow(MapError);
});
