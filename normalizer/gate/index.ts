/** The gate: nothing that is not valid R4 leaves the normaliser. Errors refuse the item, warnings go with it. */
import type { Issue } from '../../core/types.ts';
import { isTree } from '../tree.ts';
import { medplumIssues } from './medplum.ts';
import { referenceIssues } from './references.ts';
import { Walk } from './walk.ts';

/**
 * @param bundle with lossless numbers
 * @param text its canonical JSON, of which Medplum gets a parsed copy
 */
export function checkBundle(bundle: fhir4.Bundle, text: string): Issue[] {
  const walk = new Walk();
  walk.resource(bundle, 'Bundle');
  const { byUrl, issues } = fullUrls(bundle);
  const own = [...walk.issues, ...issues, ...referenceIssues(walk.references, byUrl)];
  return withoutTwins(own, medplumIssues(JSON.parse(text)));
}

/** A reference to a resource of the bundle is resolved by its fullUrl, which is there once (bdl-7). */
function fullUrls(bundle: fhir4.Bundle): { byUrl: Map<string, string>; issues: Issue[] } {
  const byUrl = new Map<string, string>();
  const issues: Issue[] = [];
  for (const [index, { fullUrl, resource }] of (bundle.entry ?? []).entries()) {
    const path = `Bundle.entry[${index}]`;
    if (fullUrl === undefined || !isTree(resource)) continue;
    if (byUrl.has(fullUrl)) issues.push(fault(path, 'breaks bdl-7'));
    byUrl.set(fullUrl, String(resource.resourceType));
    for (const [url, type] of nested(resource)) byUrl.set(url, type);
  }
  return { byUrl, issues };
}

/** Resources within a document or message Bundle that stays whole. */
function nested(resource: Readonly<Record<string, unknown>>): [string, string][] {
  if (resource.resourceType !== 'Bundle' || !Array.isArray(resource.entry)) return [];
  return resource.entry.flatMap((entry) =>
    isTree(entry) && typeof entry.fullUrl === 'string' && isTree(entry.resource)
      ? [[entry.fullUrl, String(entry.resource.resourceType)] as [string, string]]
      : [],
  );
}

function fault(path: string, detail: string): Issue {
  return { severity: 'error', code: 'fhir.invariant', path, detail };
}

/** Medplum's word is added only where our own rules said nothing of the place. */
function withoutTwins(own: readonly Issue[], theirs: readonly Issue[]): Issue[] {
  const known = new Set(own.map((issue) => issue.path));
  return [...own, ...theirs.filter((issue) => !known.has(issue.path))];
}
