/** Compiles texts of the map itself: checked now as the gate would check them later. */
import { primitiveFault } from '../gate/primitives.ts';
import { literalOf } from './literals.ts';
import { didYouMean } from './problems.ts';
import { codesOf, constantValue, note, type Target, type Value } from './value.ts';
import type { World } from './world.ts';
import type { Node } from './yaml.ts';

/** A text of the map, checked now as the gate would check it later. */
export function compileLiteral(text: string, node: Node, target: Target, world: World): Value | undefined {
  const primitive = target.allowed.filter((type) => /^[a-z]/.test(type) && type !== 'xhtml');
  if (primitive.length === 0) return refuseText(node, target, world);
  const fitting = primitive.filter((type) => primitiveFault(type, literalOf(type, text)) === undefined);
  const chosen = choose(fitting, text);
  if (chosen === undefined) {
    const why =
      primitive.length === 1 ? primitiveFault(primitive[0]!, literalOf(primitive[0]!, text)) : 'fits none of its types';
    world.problems.add(
      node.at,
      `${target.path} is a ${primitive.join(' or ')}: "${text.slice(0, 40)}" ${why}`,
      'correct the value',
    );
    return undefined;
  }
  const codes = codesOf(target, chosen);
  if (codes && !codes.codes.has(text)) {
    world.problems.add(
      node.at,
      `${text.slice(0, 40)} is no code of ${target.path}`,
      didYouMean(text, codes.codes, 'codes'),
    );
    return undefined;
  }
  note(node, target, world, [], '', text);
  return constantValue([chosen], literalOf(chosen, text));
}

/** In a choice, words are text and `true` is a boolean; a number could be several types. */
function choose(fitting: readonly string[], text: string): string | undefined {
  if (fitting.length <= 1) return fitting[0];
  if (/^(true|false)$/.test(text) && fitting.includes('boolean')) return 'boolean';
  return ['string', 'code', 'uri', 'markdown'].find((type) => fitting.includes(type)) ?? fitting[0];
}

export function refuseText(node: Node, target: Target, world: World): undefined {
  const types = target.allowed.join(' or ');
  const example = target.allowed.includes('CodeableConcept')
    ? '{ text: … } or !code { system: …, value: … }'
    : '{ … } with its parts';
  world.problems.add(node.at, `${target.path} is a ${types}, not a text`, `write ${example}`);
  return undefined;
}
