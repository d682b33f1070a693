/** State of one pass over a bundle: where it is, what it found, and what references are held against. */
import type { Issue } from '../../core/types.ts';
import { referenceFault, type Targets } from './references.ts';

export type Tree = Readonly<Record<string, unknown>>;

/** Checks the value of a property at the place where the walk is. `holder` is the object that has the property. */
export type Check = (walk: Walk, value: unknown, holder: Tree) => void;

export class Walk {
  readonly issues: Issue[] = [];
  /** False where a string may hold control characters, so that each has to be looked at. */
  readonly clean: boolean;
  /** The resource that `%resource` means. */
  resource: Tree = {};
  /** The resource in whose `contained` a `#id` is looked up. */
  container: Tree = {};
  readonly #byUrl: Targets;
  /** Property names and indexes from the root; kept as parts, since hardly any place is ever told. */
  readonly #parts: (string | number)[];
  #depth = 1;

  constructor(root: string, byUrl: Targets, clean: boolean) {
    this.#parts = [root];
    this.#byUrl = byUrl;
    this.clean = clean;
  }

  enter(part: string | number): void {
    this.#parts[this.#depth] = part;
    this.#depth += 1;
  }

  leave(): void {
    this.#depth -= 1;
  }

  reference(value: Tree, targets: ReadonlySet<string> | undefined): void {
    const fault = referenceFault(value, targets, this.container, this.#byUrl);
    if (fault) this.fault('fhir.reference', fault);
  }

  /** @param below a part under the present place: an own name of R4, or `?` for one of the data */
  fault(code: Issue['code'], detail: string, below?: string | number): void {
    const parts = this.#parts.slice(1, this.#depth);
    if (below !== undefined) parts.push(below);
    const path = parts.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
    this.issues.push({ severity: 'error', code, path: `${this.#parts[0]}${path}`, detail });
  }
}
