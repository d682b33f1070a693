/**
 * What conditions compare, compiled. Asking reads nothing; a value that was looked for and is there counts as read, since what
 * hangs on it says it. One that is not there may still be told elsewhere, or is left.
 */
import { measured } from '../shared/result.ts';
import type { Run } from './run.ts';
import { type Address, type Field, firstField, isPopulated } from './sources/format.ts';

export type Condition = (run: Run) => boolean;

export interface Operand {
  /** The texts of an address with `[*]`; else undefined. */
  readonly all: ((run: Run) => readonly string[]) | undefined;
  /** The text, or the first of several. */
  readonly text: (run: Run) => string | undefined;
  /** Where it is a text of the map, with nothing to fill in. */
  readonly literal: string | undefined;
  readonly address: Address | undefined;
  readonly isPresent: Condition;
  /** Counts as read. */
  readonly read: (run: Run) => void;
}

export function textOperand(text: (run: Run) => string | undefined, literal: string | undefined): Operand {
  const found = literal === undefined ? (run: Run) => run.look(text) : text;
  const isPresent = (run: Run) => found(run) !== undefined;
  return { all: undefined, text: found, literal, address: undefined, isPresent, read: () => {} };
}

export function addressOperand(address: Address): Operand {
  if (address.many) return severalOperand(address);
  const find = address.present ?? ((scope) => firstField(address, scope));
  const read = (run: Run) => void find(run.scope)?.text();
  const text = (run: Run) => {
    const field = find(run.scope);
    return field && peeked(field, run);
  };
  return { all: undefined, text, literal: undefined, address, isPresent: presence(address, find), read };
}

function severalOperand(address: Address): Operand {
  const { fields } = address;
  const all = (run: Run) => fields(run.scope).flatMap((field) => peeked(field, run) ?? []);
  const read = (run: Run) => {
    for (const field of fields(run.scope)) field.text();
  };
  const isPresent =
    address.of === 'item' ? holdsItem(address) : (run: Run) => run.look(() => fields(run.scope).some(isPopulated));
  return { all, text: (run) => all(run)[0], literal: undefined, address, isPresent, read };
}

function peeked(field: Field, run: Run): string | undefined {
  return field.peek ? field.peek() : run.look(() => field.text());
}

/** A segment or group that is there; a value of which anything is there, were it not its first component. */
function presence(address: Address, find: (scope: Run['scope']) => Field | undefined): Condition {
  if (address.of === 'item') return holdsItem(address);
  return (run) => {
    const field = find(run.scope);
    return field !== undefined && (field.isPlain === true || run.look(() => isPopulated(field)));
  };
}

function holdsItem({ items }: Address): Condition {
  return (run) => items(run.scope).length > 0;
}

/** @param not the condition asks for the contrary */
export function isAnyOf(left: Operand, test: (value: string) => boolean, not: boolean): Condition {
  const { all, text, read } = left;
  return (run) => {
    let holds: boolean;
    if (all) holds = all(run).some(test);
    else {
      const value = text(run);
      holds = value !== undefined && test(value);
    }
    if (!holds) return not;
    read(run);
    return !not;
  };
}

export function isOneOf(left: Operand, list: readonly Operand[], not: boolean): Condition {
  const holds = (run: Run) => {
    const values = valuesOf(left, run);
    return values.length > 0 && list.some((item) => valuesOf(item, run).some((value) => values.includes(value)));
  };
  return decided(holds, not, [left, ...list]);
}

/** @param sign one of `=`, `!=`, `<`, `<=`, `>`, `>=` */
export function compared(left: Operand, sign: string, right: Operand): Condition {
  const isMany = left.all !== undefined || right.all !== undefined;
  if (sign === '=' || sign === '!=')
    return decided(isMany ? shared(left, right) : equal(left, right), sign === '!=', [left, right]);
  const holds = (run: Run) => valuesOf(left, run).some((a) => valuesOf(right, run).some((b) => isOrdered(a, sign, b)));
  return decided(holds, false, [left, right]);
}

function decided(test: Condition, not: boolean, operands: readonly Operand[]): Condition {
  const reads = operands.filter(({ address }) => address).map(({ read }) => read);
  return (run) => {
    if (!test(run)) return not;
    for (const read of reads) read(run);
    return !not;
  };
}

function equal({ text: left }: Operand, { text: right }: Operand): Condition {
  return (run) => {
    const wanted = right(run);
    const value = left(run);
    return value !== undefined && value === wanted;
  };
}

function shared(left: Operand, right: Operand): Condition {
  return (run) => {
    const wanted = valuesOf(right, run);
    return valuesOf(left, run).some((value) => wanted.includes(value));
  };
}

function valuesOf({ all, text }: Operand, run: Run): readonly string[] {
  if (all) return all(run);
  const value = text(run);
  return value === undefined ? [] : [value];
}

/** Numbers only: what is none is neither less nor greater. */
function isOrdered(a: string, sign: string, b: string): boolean {
  const [x, y] = [measured(a), measured(b)];
  if (!x || !y || x.comparator || y.comparator) return false;
  const difference = Number(x.number) - Number(y.number);
  if (difference === 0) return sign === '<=' || sign === '>=';
  return difference < 0 ? sign === '<' || sign === '<=' : sign === '>' || sign === '>=';
}
