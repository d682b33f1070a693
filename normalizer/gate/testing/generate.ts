/** Makes resources of any R4 type from the table: right in structure, whatever invariants say. Deterministic by seed. */
import { decimal } from '../../../core/json.ts';
import { choiceKey, codesOf, type ElementRow, typeRow } from '../table.ts';

type Tree = Record<string, unknown>;

/** Numbers from 0 to 1 (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(next: () => number, from: readonly T[]): T {
  return from[Math.floor(next() * from.length)]!;
}

/** @param density chance of an optional element, at the top; it falls with depth */
export function generate(type: string, next: () => number, density: number): Tree {
  const resource = object(type, next, density, 0);
  return { resourceType: type, ...resource, id: 'x1' };
}

function object(type: string, next: () => number, density: number, depth: number): Tree {
  const made: Tree = {};
  for (const element of typeRow(type)!.elements) {
    if (SKIPPED.has(element.name) || (!element.required && next() > density / (1 + depth))) continue;
    add(made, element, next, density, depth);
  }
  if (Object.keys(made).length === 0) addFirst(made, type, next, density, depth);
  return made;
}

const SKIPPED = new Set(['id', 'contained', 'modifierExtension', 'extension', 'text']);

function addFirst(made: Tree, type: string, next: () => number, density: number, depth: number): void {
  const usable = typeRow(type)!.elements.filter(({ name }) => !SKIPPED.has(name));
  const simple = usable.filter(({ types }) => /^[a-z]/.test(types[0]!));
  if (usable.length > 0) add(made, pick(next, simple.length > 0 ? simple : usable), next, density, depth);
  else made.id = 'x';
}

function add(made: Tree, element: ElementRow, next: () => number, density: number, depth: number): void {
  const type = pick(next, element.types);
  const key = element.name.endsWith('[x]') ? choiceKey(element.name, type) : element.name;
  const one = () => value(element, type, next, density, depth);
  made[key] = element.array ? Array.from({ length: next() < 0.7 ? 1 : 2 }, one) : one();
}

function value(element: ElementRow, type: string, next: () => number, density: number, depth: number): unknown {
  if (type === 'Resource') return { resourceType: 'Basic', id: 'b', code: { text: 'x' } };
  if (type === 'Reference') return { reference: `${pick(next, element.targets ?? ['Patient'])}/1` };
  if (element.codes !== undefined && /^(code|Coding|CodeableConcept)$/.test(type))
    return bound(element.codes, type, next);
  const primitive = PRIMITIVES[type];
  if (primitive) return pick(next, primitive);
  const made = object(type, next, depth > 3 ? 0 : density, depth + 1);
  if (!element.simple) return made;
  const { comparator, ...rest } = made;
  return { value: 1, ...rest };
}

function bound(codes: number, type: string, next: () => number): unknown {
  const [system, known] = pick(next, Object.entries(codesOf(codes)));
  const code = pick(next, known);
  if (type === 'code') return code;
  return type === 'Coding' ? { system, code } : { coding: [{ system, code }] };
}

const PRIMITIVES: Readonly<Record<string, readonly unknown[]>> = {
  base64Binary: ['QUJD', 'QQ=='],
  boolean: [true, false],
  canonical: ['http://x.org/a|1', 'urn:oid:1.2.3'],
  code: ['a', 'b c', '%', '1'],
  date: ['2024', '2024-02', '2024-02-29'],
  dateTime: ['2024', '2024-02-29', '2026-01-05T09:30:00+08:00', '2026-01-05T09:30:00.123Z'],
  decimal: [0, 1, decimal('1.50'), -2.5, decimal('1e2')],
  id: ['a', 'A-1.b'],
  instant: ['2026-01-05T09:30:00+08:00', '2026-01-05T09:30:00.5Z'],
  integer: [0, 1, -7],
  markdown: ['*a*\n b'],
  oid: ['urn:oid:1.2.840'],
  positiveInt: [1, 2147483647],
  string: ['x', '*', '3', '晨光', 'Name_1'],
  time: ['09:30:00', '23:59:59.9'],
  unsignedInt: [0, 5],
  uri: ['http://x.org/a', 'urn:uuid:00000000-0000-5000-8000-000000000001', 'http://unitsofmeasure.org', 'a'],
  url: ['http://x.org/a'],
  uuid: ['urn:uuid:00000000-0000-5000-8000-000000000001'],
  xhtml: ['<div xmlns="http://www.w3.org/1999/xhtml">a</div>'],
};
