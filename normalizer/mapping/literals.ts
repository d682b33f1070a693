/** Plain texts as values of R4's primitive types. */
import { decimal } from '../../core/json.ts';
import { primitiveFault } from '../gate/primitives.ts';

/** The JSON value that a text means in a type; the text itself where it does not have the form. */
export function literalOf(type: string, text: string): unknown {
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (['integer', 'positiveInt', 'unsignedInt'].includes(type)) return /^-?\d+$/.test(text) ? Number(text) : text;
  if (type === 'decimal') return /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/.test(text) ? decimal(text) : text;
  return text;
}

/** @returns undefined where the text is no value of the type */
export function literalType(type: string, text: string): unknown {
  const value = literalOf(type, text);
  return primitiveFault(type, value) === undefined ? value : undefined;
}
