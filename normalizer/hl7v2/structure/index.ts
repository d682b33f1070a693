/** The structure of a message, and what the message holds against it. */
import type { ErrorCode } from '../../../core/codes.ts';
import type { Issue } from '../../../core/types.ts';
import type { Segment } from '../reader/segment.ts';
import type { Arranged } from './arrange.ts';
import type { MessageEvent } from './event.ts';
import { groupNames, parseStructure, type Structure } from './notation.ts';
import { STRUCTURE_TEXTS, structureName } from './tables.ts';

const parsed = new Map<string, Structure>();

/** @param name e.g. `ORU_R01` */
export function structureNamed(name: string): Structure | undefined {
  const known = parsed.get(name);
  if (known || !Object.hasOwn(STRUCTURE_TEXTS, name)) return known;
  const structure = parseStructure(name, STRUCTURE_TEXTS[name]!);
  parsed.set(name, structure);
  return structure;
}

export function structureOf({ type, event, structure }: MessageEvent): Structure | undefined {
  const name = structureName(type, event, structure);
  return name && structureNamed(name);
}

/** Of all structures. */
export function standardGroups(): Set<string> {
  const found = new Set<string>();
  for (const name of Object.keys(STRUCTURE_TEXTS)) groupNames(structureNamed(name)!.content, found);
  return found;
}

export type StructureIssue = Pick<Issue, 'severity' | 'path' | 'detail'> & { readonly code: ErrorCode };

/** One issue for each name of a segment, with how many there are. */
export function structureIssues(
  name: string,
  { unexpected, unknown, missing }: Omit<Arranged, 'root'>,
): StructureIssue[] {
  if (unexpected.length + unknown.length + missing.length === 0) return [];
  return [
    ...[...byName(unexpected)].map(([, found]) => ({
      severity: 'warning' as const,
      code: 'structure.unexpected' as const,
      path: found[0]!.place,
      detail: `${name} does not expect ${these(found.length)} here; kept with what ${its(found.length)} about`,
    })),
    ...[...byName(unknown)].map(([segment, found]) => ({
      severity: segment.startsWith('Z') ? ('information' as const) : ('warning' as const),
      code: 'structure.unknown' as const,
      path: found[0]!.place,
      detail: `${name} does not have ${these(found.length)}; kept with what stands above`,
    })),
    ...[...new Set(missing.map(({ segment }) => segment))].map((segment) => {
      const count = missing.filter((one) => one.segment === segment).length;
      return {
        severity: 'warning' as const,
        code: 'structure.missing' as const,
        path: segment,
        detail: count === 1 ? `${name} demands it` : `${name} demands it; it is missing ${count} times`,
      };
    }),
  ];
}

function these(count: number): string {
  return count === 1 ? 'the segment' : `${count} such segments`;
}

function its(count: number): string {
  return count === 1 ? 'it is' : 'they are';
}

function byName(segments: readonly Segment[]): Map<string, Segment[]> {
  const found = new Map<string, Segment[]>();
  for (const segment of segments) {
    const known = found.get(segment.name);
    if (known) known.push(segment);
    else found.set(segment.name, [segment]);
  }
  return found;
}
