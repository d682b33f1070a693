/** State of one pass that checks a bundle and writes it, until something is found that is not as it should be. */
import { referenceFault } from '../references.ts';
import type { Tree } from '../walk.ts';
import type { Output } from './output.ts';

/**
 * Writes the value of a property. `holder` is the object that has the property.
 * @returns false where something is at fault, or where it is not sure that nothing is
 */
export type Write = (pass: Pass, value: unknown, holder: Tree) => boolean;

export class Pass {
  readonly out: Output;
  /** The resource that `%resource` means. */
  resource: Tree = {};
  /** The resource in whose `contained` a `#id` is looked up. */
  container: Tree = {};
  /** Values of the objects that are being written, outermost first, and how many there are. */
  readonly values: unknown[] = [];
  count = 0;
  readonly #byUrl: ReadonlyMap<string, string>;

  /** @param byUrl type of each resource of the bundle, by its fullUrl */
  constructor(out: Output, byUrl: ReadonlyMap<string, string>) {
    this.out = out;
    this.#byUrl = byUrl;
  }

  reference(value: Tree, targets: ReadonlySet<string> | undefined): boolean {
    return referenceFault(value, targets, this.container, this.#byUrl) === undefined;
  }
}
