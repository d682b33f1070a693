/** Whether a Reference has a target, and one of an allowed type. */
import { isTree } from '../tree.ts';
import { isResourceType } from './table.ts';
import type { Tree } from './walk.ts';

/** A resource of the bundle, to which references are resolved. */
export interface Target {
  /** Resource type. */
  readonly type: string;
  /** A reference that says no more than its fullUrl, as JSON, once one was written. */
  written?: Piece | undefined;
}

/** Of the bundle, by their fullUrl. */
export type Targets = ReadonlyMap<string, Target>;

/** A piece of JSON, eight bytes to a number, of which the last may reach over. */
export interface Piece {
  readonly words: readonly number[];
  readonly length: number;
}

/** `Type/id` at the end of a relative or absolute reference. */
const LITERAL = /(?:^|\/)([A-Z][A-Za-z]+)\/[A-Za-z0-9.-]{1,64}(?:\/_history\/[A-Za-z0-9.-]{1,64})?(?:#.*)?$/;

/**
 * @param targets the types that it may point to; undefined where any may be
 * @param container the resource in whose `contained` a `#id` is looked up
 * @returns what is wrong; undefined where nothing is
 */
export function referenceFault(
  value: Tree,
  targets: ReadonlySet<string> | undefined,
  container: Tree,
  byUrl: Targets,
): string | undefined {
  const { reference: text, type } = value;
  if (text === undefined) return saysNothing(value) ? 'says nothing' : undefined;
  if (typeof text !== 'string') return undefined;
  const target = targetType(text, container, byUrl);
  if (target === 'missing') return 'has no target';
  if (target === undefined) return undefined;
  if (!isResourceType(target)) return 'names no R4 resource type';
  if (typeof type === 'string' && type !== target && !type.endsWith(`/${target}`)) return 'contradicts its type';
  return targets && !targets.has(target) ? 'has a target of a type that is not allowed' : undefined;
}

function saysNothing({ identifier, display, extension, _reference, type }: Tree): boolean {
  return [identifier, display, extension, _reference, type].every((part) => part === undefined);
}

/** Type of the target; undefined where it cannot be known here; `missing` where it must be here and is not. */
function targetType(text: string, container: Tree, byUrl: Targets): string | undefined {
  const here = byUrl.get(text);
  if (here !== undefined) return here.type;
  if (text.startsWith('#'))
    return text === '#' ? String(container.resourceType) : containedType(text.slice(1), container);
  if (text.startsWith('urn:uuid:') || text.startsWith('urn:oid:')) return 'missing';
  return typeNamed(text);
}

/** The type in `Patient/1` or `https://…/Patient/1`. */
export function typeNamed(reference: string): string | undefined {
  return LITERAL.exec(reference)?.[1];
}

function containedType(id: string, container: Tree): string {
  const contained = Array.isArray(container.contained) ? container.contained : [];
  const found = contained.find((one) => isTree(one) && one.id === id);
  return isTree(found) ? String(found.resourceType) : 'missing';
}
