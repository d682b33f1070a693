/** Whether references have a target, and one of an allowed type. */
import type { Issue } from '../../core/types.ts';
import { isTree } from '../tree.ts';
import { isResourceType } from './shapes.ts';
import type { FoundReference } from './walk.ts';

/** `Type/id` at the end of a relative or absolute reference. */
const LITERAL = /(?:^|\/)([A-Z][A-Za-z]+)\/[A-Za-z0-9.-]{1,64}(?:\/_history\/[A-Za-z0-9.-]{1,64})?(?:#.*)?$/;

/**
 * @param byUrl type of each resource of the bundle, by its fullUrl
 */
export function referenceIssues(found: readonly FoundReference[], byUrl: ReadonlyMap<string, string>): Issue[] {
  return found.flatMap((one) => {
    const fault = faultOf(one, byUrl);
    return fault
      ? [{ severity: 'error' as const, code: 'fhir.reference' as const, path: one.path, detail: fault }]
      : [];
  });
}

function faultOf({ reference, targets, container }: FoundReference, byUrl: ReadonlyMap<string, string>) {
  const { reference: text, type, identifier, display, extension, _reference } = reference;
  if (text === undefined) {
    const says = [identifier, display, extension, _reference, type].some((part) => part !== undefined);
    return says ? undefined : 'says nothing';
  }
  if (typeof text !== 'string') return undefined;
  const target = targetType(text, container, byUrl);
  if (target === 'missing') return 'has no target';
  if (target === undefined) return undefined;
  if (!isResourceType(target)) return 'names no R4 resource type';
  if (typeof type === 'string' && type !== target && !type.endsWith(`/${target}`)) return 'contradicts its type';
  return targets && !targets.has(target) ? 'has a target of a type that is not allowed' : undefined;
}

/** Type of the target; undefined where it cannot be known here; `missing` where it must be here and is not. */
function targetType(text: string, container: Record<string, unknown>, byUrl: ReadonlyMap<string, string>) {
  if (text.startsWith('#'))
    return text === '#' ? String(container.resourceType) : containedType(text.slice(1), container);
  const here = byUrl.get(text);
  if (here !== undefined) return here;
  if (text.startsWith('urn:uuid:') || text.startsWith('urn:oid:')) return 'missing';
  return LITERAL.exec(text)?.[1];
}

function containedType(id: string, container: Record<string, unknown>): string {
  const contained = Array.isArray(container.contained) ? container.contained : [];
  const found = contained.find((one) => isTree(one) && one.id === id);
  return isTree(found) ? String(found.resourceType) : 'missing';
}
