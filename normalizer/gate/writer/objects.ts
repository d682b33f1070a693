/**
 * Writers of objects: data types and backbone elements, resources, references, coded values. As `../elements.ts`. Types are
 * compiled with these by one compiler only, so that each has one writer.
 */
import type { CompiledOf } from '../compiled.ts';
import { isOf } from '../elements.ts';
import type { Rule } from '../invariants.ts';
import { isResourceType } from '../table.ts';
import { isObject } from '../values.ts';
import type { Tree } from '../walk.ts';
import type { Pass, Write } from './pass.ts';
import { Sequence } from './sequences.ts';

type Types = CompiledOf<Write>;

const OPEN = 0x7b;
const CLOSE = 0x7d;

function members(pass: Pass, value: Tree, start: Sequence): boolean {
  const { out, values, count: first } = pass;
  let sequence: Sequence | undefined = start;
  let count = first;
  for (const key in value) {
    const item = value[key];
    if (item === undefined) continue;
    values[count] = item;
    count += 1;
    sequence = sequence.after(key);
    if (sequence === undefined) return false;
  }
  const { form } = sequence;
  if (form === null) return false;
  pass.count = count;
  const { at } = out;
  const { slots } = form;
  for (let index = 0; index < slots.length; index++) {
    const slot = slots[index]!;
    out.piece(slot);
    if (!slot.write(pass, values[first + slot.from], value)) return false;
  }
  out.mend(at, OPEN);
  out.sign(CLOSE);
  pass.count = first;
  return isKept(pass, value, form.rules);
}

function isKept(pass: Pass, value: Tree, rules: readonly Rule[]): boolean {
  for (const rule of rules) if (!pass.keeps(value, rule)) return false;
  return true;
}

export function data(compiledOf: Types, type: string, rules: readonly Rule[] = []): Write {
  const write = ofType(compiledOf, type);
  if (rules.length === 0) return write;
  return (pass, value, holder) => write(pass, value, holder) && isKept(pass, value as Tree, rules);
}

const ofTypes = new Map<string, Write>();

function ofType(compiledOf: Types, type: string): Write {
  let write = ofTypes.get(type);
  if (!write) {
    let start: Sequence | undefined;
    write = (pass, value) => {
      start ??= startOf(compiledOf, type);
      return members(pass, value as Tree, start);
    };
    ofTypes.set(type, write);
  }
  return write;
}

const starts = new Map<string, Sequence>();

function startOf(compiledOf: Types, type: string): Sequence {
  let start = starts.get(type);
  if (!start) {
    start = Sequence.of(compiledOf(type));
    starts.set(type, start);
  }
  return start;
}

export function resource(compiledOf: Types, contained: boolean): Write {
  return (pass, value) => {
    const tree = value as Tree;
    if (typeof tree.resourceType !== 'string' || !isResourceType(tree.resourceType)) return false;
    const { resource, container } = pass;
    pass.resource = tree;
    if (!contained) pass.container = tree;
    const isValid = members(pass, tree, startOf(compiledOf, tree.resourceType));
    pass.resource = resource;
    pass.container = container;
    return isValid;
  };
}

/** Each resource is referred to again and again, mostly by its fullUrl alone. */
export function reference(compiledOf: Types, types: ReadonlySet<string> | undefined): Write {
  const write = data(compiledOf, 'Reference');
  return (pass, value, holder) => {
    const tree = value as Tree;
    const target = pass.targetOf(tree);
    if (!pass.isReference(tree, target, types)) return false;
    if (target === undefined || !isBare(tree)) return write(pass, value, holder);
    const { out } = pass;
    if (target.written) {
      out.piece(target.written);
      return true;
    }
    const { at } = out;
    if (!write(pass, value, holder)) return false;
    target.written = out.pieceFrom(at);
    return true;
  };
}

function isBare(reference: Tree): boolean {
  for (const key in reference) if (key !== 'reference' && reference[key] !== undefined) return false;
  return true;
}

export function simpleQuantity(compiledOf: Types): Write {
  const write = data(compiledOf, 'Quantity');
  return (pass, value, holder) => (value as Tree).comparator === undefined && write(pass, value, holder);
}

export function coding(compiledOf: Types, codings: ReadonlySet<string>): Write {
  const write = data(compiledOf, 'Coding');
  return (pass, value, holder) => {
    const isBound = isOf(codings, value as Tree) || (value as Tree).extension !== undefined;
    return isBound && write(pass, value, holder);
  };
}

export function concept(compiledOf: Types, codings: ReadonlySet<string>): Write {
  const write = data(compiledOf, 'CodeableConcept');
  return (pass, value, holder) => {
    const { coding, extension } = value as Tree;
    const isBound = Array.isArray(coding)
      ? coding.some((one) => isObject(one) && isOf(codings, one))
      : coding === undefined && extension !== undefined;
    return isBound && write(pass, value, holder);
  };
}
