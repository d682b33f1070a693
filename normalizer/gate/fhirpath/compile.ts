/** Compiles a part of an invariant to a closure from list to list. */
import { isLater } from '../../shared/datetime.ts';
import { isTree } from '../../tree.ts';
import { FUNCTIONS, TYPE_FUNCTIONS } from './functions.ts';
import { bool, has, type Items, members, NONE, plain, same, truth } from './items.ts';
import { LOGIC, type Test } from './logic.ts';
import type { Node } from './parse.ts';

/** What the variables of an expression stand for. */
export interface Environment {
  /** `%resource` */
  readonly resource: unknown;
  /** `%context`: the element whose invariant it is. */
  readonly context: unknown;
}

export type Compiled = (focus: Items, env: Environment) => Items;

export function compile(node: Node): Compiled {
  switch (node.kind) {
    case 'literal': {
      const value: Items = [node.value];
      return () => value;
    }
    case 'variable':
      return variable(node.name);
    case 'member':
      return member(node.of, node.name);
    case 'call':
      return call(node);
    case 'type': {
      const of = compile(node.of);
      const apply = TYPE_FUNCTIONS[node.operator]!;
      return (focus, env) => apply(of(focus, env), node.type);
    }
    case 'binary':
      return binary(node.operator, compile(node.left), compile(node.right));
  }
}

function variable(name: string): Compiled {
  switch (name) {
    case '$this':
      return (focus) => focus;
    case '%resource':
      return (_focus, env) => [env.resource];
    case '%context':
      return (_focus, env) => [env.context];
    case '%ucum':
      return () => UCUM;
    default:
      throw new SyntaxError('an unknown variable');
  }
}

const UCUM: Items = ['http://unitsofmeasure.org'];

/** A name in capitals at the start is the type of the resource itself: `Appointment.status`. */
function member(parent: Node, name: string): Compiled {
  const of = compile(parent);
  if (/^[A-Z]/.test(name))
    return (focus, env) => of(focus, env).filter((item) => isTree(item) && item.resourceType === name);
  return (focus, env) => members(of(focus, env), name);
}

function call(node: Node & { kind: 'call' }): Compiled {
  const [argument] = node.args;
  const typed = TYPE_FUNCTIONS[node.name];
  if (typed && argument?.kind === 'member') {
    const of = compile(node.of);
    return (focus, env) => typed(of(focus, env), argument.name);
  }
  if ((node.name === 'exists' || node.name === 'empty') && node.of.kind === 'member' && !argument)
    return presence(node.of, node.name === 'exists');
  const [of, apply] = [compile(node.of), FUNCTIONS[node.name]];
  if (!apply) throw new SyntaxError('an unknown function');
  const args = node.args.map(compile);
  return (focus, env) => apply(of(focus, env), args, focus, env);
}

function presence({ of, name }: { of: Node; name: string }, wanted: boolean): Compiled {
  const parent = compile(of);
  return (focus, env) => bool(has(parent(focus, env), name) === wanted);
}

function binary(operator: string, left: Compiled, right: Compiled): Compiled {
  const combine = LOGIC[operator];
  if (combine) {
    const test = combine(tested(left), tested(right));
    return (focus, env) => said(test(focus, env));
  }
  const compute = OPERATORS[operator]!;
  return (focus, env) => compute(left(focus, env), right(focus, env));
}

function tested(compiled: Compiled): Test<Items, Environment> {
  return (focus, env) => truth(compiled(focus, env));
}

function said(value: boolean | undefined): Items {
  return value === undefined ? NONE : bool(value);
}

const OPERATORS: Readonly<Record<string, (left: Items, right: Items) => Items>> = {
  '=': (left, right) => (left.length === 0 || right.length === 0 ? NONE : bool(equal(left, right))),
  '!=': (left, right) => (left.length === 0 || right.length === 0 ? NONE : bool(!equal(left, right))),
  '<': (left, right) => ordered(left, right, (order) => order < 0),
  '>': (left, right) => ordered(left, right, (order) => order > 0),
  '<=': (left, right) => ordered(left, right, (order) => order <= 0),
  '>=': (left, right) => ordered(left, right, (order) => order >= 0),
  in: (left, right) => (left.length === 0 ? NONE : bool(right.some((one) => same(left[0], one)))),
  contains: (left, right) => (right.length === 0 ? NONE : bool(left.some((one) => same(right[0], one)))),
  '|': (left, right) => [...left, ...right.filter((one) => !left.some((other) => same(one, other)))],
  '+': (left, right) =>
    left.length === 0 || right.length === 0 ? NONE : [Number(plain(left[0])) + Number(plain(right[0]))],
  '&': (left, right) => [`${left[0] ?? ''}${right[0] ?? ''}`],
};

function equal(left: Items, right: Items): boolean {
  return left.length === right.length && left.every((item, index) => same(item, right[index]));
}

/** Strings that are compared in R4 invariants are dates; where their order is not sure, they count as equal. */
function ordered(left: Items, right: Items, holds: (order: number) => boolean): Items {
  const [a, b] = [plain(left[0]), plain(right[0])];
  if (typeof a === 'number' && typeof b === 'number') return bool(holds(a - b));
  if (typeof a !== 'string' || typeof b !== 'string') return NONE;
  return bool(holds(isLater(a, b) ? 1 : isLater(b, a) ? -1 : 0));
}
