/** The gate: nothing that is not valid R4 leaves the normaliser. Errors refuse the item, warnings go with it. */
import { canonicalJson } from '../../core/json.ts';
import type { Issue } from '../../core/types.ts';
import { isTree } from '../tree.ts';
import { compiler } from './compiled.ts';
import * as elements from './elements.ts';
import type { Target, Targets } from './references.ts';
import * as values from './values.ts';
import { type Check, Walk } from './walk.ts';
import { writeValid } from './writer/index.ts';

const check = elements.resource(compiler<Check>({ ...elements, ...values }), false);

export type { Target } from './references.ts';

/**
 * One pass over the bundle along compiled R4 types (docs/decisions/0051).
 * @param bundle with lossless numbers
 * @param text its canonical JSON
 */
export function checkBundle(bundle: fhir4.Bundle, text: string): Issue[] {
  const walk = new Walk('Bundle', targetsOf(bundle), !ESCAPED.test(text));
  check(walk, bundle, {});
  return walk.issues;
}

export interface Judged {
  readonly issues: readonly Issue[];
  /** Canonical JSON. */
  readonly bytes: Uint8Array;
}

/**
 * As `checkBundle`, and the bundle's bytes: one pass for both, and a second one only to tell what is wrong.
 * @param entries of the bundle, where they are known by their fullUrl already
 */
export function judge(bundle: fhir4.Bundle, entries?: Targets): Judged {
  const bytes = writeValid(bundle, entries && !holdsBundle(entries) ? entries : targetsOf(bundle));
  if (bytes) return { issues: [], bytes };
  const text = canonicalJson(bundle);
  return { issues: checkBundle(bundle, text), bytes: new TextEncoder().encode(text) };
}

/** JSON writes control characters and halves of surrogate pairs as one of these escapes. */
const ESCAPED = /\\[bfu]/;

/** A reference to a resource of the bundle is resolved by its fullUrl. */
function targetsOf(bundle: { readonly entry?: unknown }, targets = new Map<string, Target>()): Targets {
  for (const entry of Array.isArray(bundle.entry) ? bundle.entry : []) {
    if (!isTree(entry) || !isTree(entry.resource)) continue;
    const type = String(entry.resource.resourceType);
    if (typeof entry.fullUrl === 'string') targets.set(entry.fullUrl, { type, written: undefined });
    // A document or message Bundle stays whole.
    if (type === 'Bundle') targetsOf(entry.resource, targets);
  }
  return targets;
}

/** Then the resources within it are targets, too. */
function holdsBundle(entries: Targets): boolean {
  for (const { type } of entries.values()) if (type === 'Bundle') return true;
  return false;
}
