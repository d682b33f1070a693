/** State of one pass that checks a bundle and writes it, until something is found that is not as it should be. */
import type { Rule } from '../invariants.ts';
import type { PrimitiveFault } from '../primitives.ts';
import { referenceFault, type Target, type Targets } from '../references.ts';
import type { Tree } from '../walk.ts';
import type { Recording } from './known.ts';
import type { Output } from './output.ts';

/**
 * Writes the value of a property. `holder` is the object that has the property.
 * @returns false where something is at fault, or where it is not sure that nothing is
 */
export type Write = (pass: Pass, value: unknown, holder: Tree) => boolean;

/**
 * Makes one closure for all places that are alike: they share what is known of shared parts, and the few that are used are
 * at hand in the processor.
 */
export function alike<K>(make: (like: K) => Write): (like: K) => Write {
  const made = new Map<K, Write>();
  return (like) => {
    let write = made.get(like);
    if (!write) {
      write = make(like);
      made.set(like, write);
    }
    return write;
  };
}

export class Pass {
  readonly out: Output;
  /** The resource that `%resource` means. */
  resource: Tree = {};
  /** The resource in whose `contained` a `#id` is looked up. */
  container: Tree = {};
  /** Values of the objects that are being written, outermost first, and how many there are. */
  readonly values: unknown[] = [];
  count = 0;
  /** Of the innermost shared part that is written for the first time. */
  recording: Recording | undefined;
  /** The text that was found to be of a type last: the results of a report have one time. */
  readonly last = new Map<PrimitiveFault, string>();
  readonly #targets: Targets;

  constructor(out: Output, targets: Targets) {
    this.out = out;
    this.#targets = targets;
  }

  /** The resource beside it in the bundle that a reference means. */
  targetOf({ reference }: Tree): Target | undefined {
    return typeof reference === 'string' ? this.#targets.get(reference) : undefined;
  }

  /**
   * @param target as `targetOf` finds it
   * @param types that it may have
   */
  isReference(value: Tree, target: Target | undefined, types: ReadonlySet<string> | undefined): boolean {
    if (this.recording) this.#depend(value, types);
    return target !== undefined && value.type === undefined
      ? types === undefined || types.has(target.type)
      : referenceFault(value, types, this.container, this.#targets) === undefined;
  }

  #depend(value: Tree, types: ReadonlySet<string> | undefined): void {
    const isLocal = typeof value.reference === 'string' && value.reference.startsWith('#');
    for (let { recording } = this; recording; recording = recording.outer) {
      if (!isLocal) recording.references.push({ value, types });
      else if (recording.container === this.container) recording.isFree = false;
    }
  }

  keeps(value: unknown, rule: Rule): boolean {
    if (rule.ofResource)
      for (let { recording } = this; recording; recording = recording.outer)
        if (recording.resource === this.resource) recording.isFree = false;
    return rule.holds(value, this.resource);
  }
}
