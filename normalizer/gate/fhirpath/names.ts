/** What the names of an element's properties say by themselves of an invariant: mostly all, since what it asks for is not there. */
import { choiceKeys } from '../table.ts';
import { LOGIC, type Test } from './logic.ts';
import { type Node, parse } from './parse.ts';
import { condition, isFocus, isPresence, negated } from './rule.ts';

/** Whether an element of these properties keeps an invariant; undefined where it depends on what they hold. */
export type ByNames = (names: readonly string[]) => boolean | undefined;

export function byNames(expression: string): ByNames {
  const test = verdict(parse(expression));
  return (names) => test(names, undefined);
}

function verdict(node: Node): Test<readonly string[], undefined> {
  if (node.kind === 'binary') {
    const [left, right] = [node.left, node.right];
    const logic = LOGIC[node.operator];
    if (logic) return logic(verdict(left), verdict(right));
    if (node.operator === '!=' && isTest(left) && isTest(right)) return LOGIC.xor!(verdict(left), verdict(right));
  }
  if (node.kind === 'call' && node.args.length === 0) {
    if (node.name === 'not') {
      const inner = verdict(node.of);
      return (names) => negated(inner(names, undefined));
    }
    if (isPresence(node.name, node.of)) {
      const { name } = node.of;
      const wanted = node.name === 'exists';
      return (names) => isThere(name, names) === wanted;
    }
  }
  return withoutAll(node);
}

/** It is true or false, and nothing else. */
function isTest(node: Node): boolean {
  return node.kind === 'call' && node.args.length === 0 && isPresence(node.name, node.of);
}

/** What an expression says of an element that has none of the properties that it starts from. */
function withoutAll(node: Node): Test<readonly string[], undefined> {
  const starts = startsOf(node);
  if (starts === undefined) return () => undefined;
  const onNothing = condition(node)({}, {});
  return (names) => (starts.some((name) => isThere(name, names)) ? undefined : onNothing);
}

function isThere(name: string, names: readonly string[]): boolean {
  const choices = choiceKeys(name);
  return names.some((key) => {
    const plain = key.startsWith('_') ? key.slice(1) : key;
    return plain === name || choices?.has(plain) === true;
  });
}

/** Functions whose arguments are asked only of what they are called on. */
const OF_EACH = new Set(['all', 'exists', 'select', 'where']);

/** The properties of the element from which an expression takes all that it asks; undefined where it asks for more. */
function startsOf(node: Node): readonly string[] | undefined {
  switch (node.kind) {
    case 'literal':
      return [];
    case 'variable':
      return undefined;
    case 'member':
      return isFocus(node.of) && /^[a-z]/.test(node.name) ? [node.name] : startsOf(node.of);
    case 'call':
      return OF_EACH.has(node.name) ? startsOf(node.of) : startsOfAll([node.of, ...node.args]);
    case 'type':
      return startsOf(node.of);
    case 'binary':
      return startsOfAll([node.left, node.right]);
  }
}

function startsOfAll(nodes: readonly Node[]): readonly string[] | undefined {
  const found = nodes.map(startsOf);
  return found.includes(undefined) ? undefined : found.flatMap((starts) => starts!);
}
