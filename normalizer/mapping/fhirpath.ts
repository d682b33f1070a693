/**
 * Free-form leaves: FHIRPath, synchronous and bounded (docs/decisions/0082). Only functions on strings, numbers,
 * collections and booleans; the names below are all that an expression may call.
 */

import { createRequire } from 'node:module';
import { createContext, Script } from 'node:vm';
import { compileFrom, type From } from './from.ts';
import { literalType } from './literals.ts';
import { didYouMean } from './problems.ts';
import type { Run } from './run.ts';
import { entryOf } from './sources/format.ts';
import { type Target, traced, type Value } from './value.ts';
import type { World } from './world.ts';
import type { Node } from './yaml.ts';

export const EXPRESSION_MS = 50;
const MAX_EXPRESSION = 1000;
const MAX_TEXT = 64 * 1024;

const FUNCTIONS = new Set(
  (
    'empty exists not all allTrue anyTrue allFalse anyFalse count distinct isDistinct where select ofType single first last tail skip take ' +
    'intersect exclude union combine iif toInteger toDecimal toString toBoolean convertsToInteger convertsToDecimal indexOf substring startsWith ' +
    'endsWith contains upper lower replace length toChars split join trim abs ceiling floor round truncate sqrt power'
  ).split(' '),
);

type Evaluate = (data: object, environment: Record<string, unknown>) => unknown[];
interface Library {
  compile(expression: string, model?: unknown, options?: unknown): Evaluate;
}

let library: Library | undefined;

/** The library is 5 MB and loaded for maps that use it. */
function load(): Library {
  library ??= createRequire(import.meta.url)('fhirpath') as Library;
  return library;
}

// The watchdog of node:vm ends whatever runs within the script, the library's own loops too.
const sandbox: { run?: () => unknown } = Object.create(null);
const context = createContext(sandbox, { codeGeneration: { strings: false, wasm: false } });
const script = new Script('run()');

export function compileFhirPath(node: Node, target: Target, world: World): Value | undefined {
  const parts = node.kind === 'map' ? node.entries : [];
  for (const { key, at } of parts)
    if (!['expression', 'with', 'if'].includes(key))
      world.problems.add(
        at,
        `!fhirpath has no option ${key}`,
        didYouMean(key, ['expression', 'with', 'if'], 'options'),
      );
  const source = entryOf(parts, 'expression')?.value;
  if (source?.kind !== 'scalar') {
    world.problems.add(
      node.at,
      '!fhirpath has no expression',
      "write !fhirpath { expression: '%a + %b', with: { a: $X, b: $Y } }",
    );
    return undefined;
  }
  const inputs = inputsOf(entryOf(parts, 'with')?.value, world);
  const fault = faultOf(source.text, new Set(inputs.map(([name]) => name)));
  if (fault) {
    world.problems.add(source.at, fault.message, fault.hint);
    return undefined;
  }
  let evaluate: Evaluate;
  try {
    evaluate = load().compile(source.text);
  } catch {
    world.problems.add(
      source.at,
      'the expression is no FHIRPath',
      'check its brackets and quotes; texts are written in single quotes',
    );
    return undefined;
  }
  const types = target.allowed.filter((type) => /^[a-z]/.test(type));
  const type = types.length === 1 ? types[0]! : types.find((one) => one === 'string');
  if (type === undefined) {
    world.problems.add(
      node.at,
      `${target.path} is a ${target.allowed.join(' or ')}, an expression gives one plain value`,
      'write the object, with expressions within it',
    );
    return undefined;
  }
  const addresses = inputs.flatMap(([, from]) => from.addresses.map(({ text }) => text));
  world.outline.push({
    resource: target.at.resource,
    element: target.path,
    addresses,
    converter: 'fhirpath',
    file: node.at.file,
    line: node.at.line,
  });
  const get = (run: Run) => read(run, evaluate, inputs, type);
  return traced({ types: [type], many: false, constant: false, get }, node, world);
}

function inputsOf(node: Node | undefined, world: World): [string, From][] {
  if (!node) return [];
  if (node.kind !== 'map') {
    world.problems.add(node.at, 'with names the values of the expression', 'write with: { a: $X }');
    return [];
  }
  return node.entries.flatMap(({ key, value, at }) => {
    if (!/^[a-z]\w{0,30}$/.test(key) || ['context', 'resource', 'rootResource', 'ucum', 'sct', 'loinc'].includes(key)) {
      world.problems.add(at, `${key} is no name for a value`, 'lower-case letters and digits');
      return [];
    }
    const from = compileFrom(value, world);
    return from ? [[key, from] as [string, From]] : [];
  });
}

/** What an expression may not do is refused before it is ever run. */
function faultOf(source: string, names: ReadonlySet<string>): { message: string; hint: string } | undefined {
  if (source.length > MAX_EXPRESSION)
    return {
      message: `the expression is longer than ${MAX_EXPRESSION} characters`,
      hint: 'divide it, or use a code map',
    };
  const bare = source.replaceAll(/'(?:[^'\\]|\\.)*'/g, "''");
  if (/[`@"/]{2}|`|@/.test(bare))
    return { message: 'dates, comments and quoted names are not taken in expressions', hint: 'give values by with' };
  for (const [, name] of bare.matchAll(/([A-Za-z_]\w*)\s*\(/g))
    if (
      !FUNCTIONS.has(name!) &&
      !['and', 'or', 'xor', 'implies', 'in', 'contains', 'div', 'mod', 'is', 'as'].includes(name!)
    )
      return { message: `the function ${name}() is not taken`, hint: didYouMean(name!, FUNCTIONS, 'functions') };
  for (const [, name] of bare.matchAll(/%([A-Za-z_]\w*)/g))
    if (!names.has(name!))
      return { message: `the expression has no value %${name}`, hint: didYouMean(name!, names, 'values') };
  return undefined;
}

function read(run: Run, evaluate: Evaluate, inputs: readonly (readonly [string, From])[], type: string): unknown {
  const environment: Record<string, unknown> = {};
  let place = '';
  for (const [name, from] of inputs) {
    const fields = from.all(run);
    place ||= fields[0]?.place ?? '';
    const texts = fields.flatMap((field) => field.text() ?? []);
    if (texts.some((text) => text.length > MAX_TEXT))
      return run.issue('warning', 'field.invalid', place, 'the text is too long for an expression');
    environment[name] = texts;
  }
  const found = bounded(() => evaluate({}, environment));
  if (found === undefined) return run.issue('warning', 'field.invalid', place, 'the expression failed on these values');
  const [first] = found;
  if (first === undefined || first === null) return undefined;
  if (found.length > 1) return run.issue('warning', 'field.invalid', place, 'the expression gave several values');
  const made = literalType(type, String(first));
  return made === undefined
    ? run.issue('warning', 'field.invalid', place, 'the expression gave no value of this type')
    : made;
}

function bounded(work: () => unknown[]): unknown[] | undefined {
  sandbox.run = work;
  try {
    const found = script.runInContext(context, { timeout: EXPRESSION_MS }) as unknown;
    return Array.isArray(found) ? found : undefined;
  } catch {
    // Also the library's own errors, whose texts may quote values.
    return undefined;
  } finally {
    delete sandbox.run;
  }
}
