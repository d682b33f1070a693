/** The gate: nothing that is not valid R4 leaves the normaliser. Errors refuse the item, warnings go with it. */
import { canonicalJson } from '../../core/json.ts';
import type { Issue } from '../../core/types.ts';
import { isTree } from '../tree.ts';
import { compiler } from './compiled.ts';
import * as elements from './elements.ts';
import * as values from './values.ts';
import { type Check, Walk } from './walk.ts';
import { writeValid } from './writer/index.ts';

const check = elements.resource(compiler<Check>({ ...elements, ...values }), false);

/**
 * One pass over the bundle along compiled R4 types (docs/decisions/0051).
 * @param bundle with lossless numbers
 * @param text its canonical JSON
 */
export function checkBundle(bundle: fhir4.Bundle, text: string): Issue[] {
  const walk = new Walk('Bundle', typesByUrl(bundle), !ESCAPED.test(text));
  check(walk, bundle, {});
  return walk.issues;
}

export interface Judged {
  readonly issues: readonly Issue[];
  /** Canonical JSON. */
  readonly bytes: Uint8Array;
}

/** As `checkBundle`, and the bundle's bytes: one pass for both, and a second one only to tell what is wrong. */
export function judge(bundle: fhir4.Bundle): Judged {
  const bytes = writeValid(bundle, typesByUrl(bundle));
  if (bytes) return { issues: [], bytes };
  const text = canonicalJson(bundle);
  return { issues: checkBundle(bundle, text), bytes: new TextEncoder().encode(text) };
}

/** JSON writes control characters and halves of surrogate pairs as one of these escapes. */
const ESCAPED = /\\[bfu]/;

/** A reference to a resource of the bundle is resolved by its fullUrl. */
function typesByUrl(bundle: { readonly entry?: unknown }, byUrl = new Map<string, string>()): Map<string, string> {
  for (const entry of Array.isArray(bundle.entry) ? bundle.entry : []) {
    if (!isTree(entry) || !isTree(entry.resource)) continue;
    if (typeof entry.fullUrl === 'string') byUrl.set(entry.fullUrl, String(entry.resource.resourceType));
    // A document or message Bundle stays whole.
    if (entry.resource.resourceType === 'Bundle') typesByUrl(entry.resource, byUrl);
  }
  return byUrl;
}
