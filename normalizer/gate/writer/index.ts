/** The gate and canonical JSON in one pass: of a bundle that is valid, which nearly all are, each value is looked at once. */
import { compiler } from '../compiled.ts';
import type { Targets } from '../references.ts';
import * as objects from './objects.ts';
import { Output } from './output.ts';
import { Pass, type Write } from './pass.ts';
import * as values from './values.ts';

const write = objects.resource(compiler<Write>({ ...objects, ...values }), false);
const out = new Output();

/**
 * @returns canonical JSON of a bundle in which `checkBundle` finds nothing; undefined of one in which it may find something
 */
export function writeValid(bundle: fhir4.Bundle, targets: Targets): Uint8Array | undefined {
  const isValid = write(new Pass(out, targets), bundle, {});
  const bytes = isValid ? out.since(0) : undefined;
  out.clear();
  return bytes;
}
