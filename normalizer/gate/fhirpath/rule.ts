/**
 * Compiles an invariant to a condition on one element. Most are built of `exists`, `empty` and logic: those parts are
 * asked of the element itself; lists are made only for the rest.
 */
import { isTree } from '../../tree.ts';
import { choiceKeys } from '../table.ts';
import { type Compiled, compile } from './compile.ts';
import { truth } from './items.ts';
import { LOGIC, type Test } from './logic.ts';
import { type Node, parse } from './parse.ts';

/** Whether an element keeps an invariant; undefined where FHIRPath says nothing. */
type Condition = Test<unknown, unknown>;

/** @returns whether an element keeps the invariant; `resource` is the nearest resource around it */
export function compileRule(expression: string): (element: unknown, resource: unknown) => boolean {
  const holds = condition(parse(expression));
  return (element, resource) => holds(element, resource) === true;
}

export function condition(node: Node): Condition {
  if (node.kind === 'binary') {
    const logic = LOGIC[node.operator];
    if (logic) return logic(condition(node.left), condition(node.right));
    const equality = ofEquality(node);
    if (equality) return equality;
  }
  if (node.kind === 'call' && node.args.length === 0) {
    const found = ofCall(node.name, node.of);
    if (found) return found;
  }
  return byLists(compile(node));
}

/** `type = 'document'` */
function ofEquality(node: Node & { readonly kind: 'binary' }): Condition | undefined {
  const { left, right, operator } = node;
  if (operator !== '=' || left.kind !== 'member' || !isFocus(left.of) || right.kind !== 'literal') return undefined;
  const [{ name }, { value }] = [left, right];
  const lists = byLists(compile(node));
  return (element, resource) => {
    const found = isTree(element) ? element[name] : undefined;
    return typeof found === 'string' ? found === value : lists(element, resource);
  };
}

function ofCall(name: string, of: Node): Condition | undefined {
  if (name === 'not') {
    const inner = condition(of);
    return (element, resource) => negated(inner(element, resource));
  }
  return isPresence(name, of) ? presence(of.name, name === 'exists') : undefined;
}

export function isPresence(name: string, of: Node): of is Node & { readonly kind: 'member' } {
  return (name === 'exists' || name === 'empty') && of.kind === 'member' && isFocus(of.of) && /^[a-z]/.test(of.name);
}

export function isFocus(node: Node): boolean {
  return node.kind === 'variable' && node.name === '$this';
}

function presence(name: string, wanted: boolean): Condition {
  const beside = `_${name}`;
  const choices = choiceKeys(name);
  const isThere = (element: unknown) =>
    isTree(element) &&
    (element[name] !== undefined ||
      element[beside] !== undefined ||
      (choices !== undefined && hasAny(element, choices)));
  return (element) => isThere(element) === wanted;
}

function hasAny(element: Readonly<Record<string, unknown>>, choices: ReadonlySet<string>): boolean {
  for (const key in element) if (choices.has(key) || (key[0] === '_' && choices.has(key.slice(1)))) return true;
  return false;
}

function byLists(compiled: Compiled): Condition {
  return (element, resource) => truth(compiled([element], { resource, context: element }));
}

export function negated(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}
