/** An R4 ConceptMap as a code map. Targets that are `unmatched` or `disjoint` stay out; the local coding is kept beside any other. */
import { isTree } from '../../tree.ts';
import type { CodeEntry } from './code-map.ts';
import type { CodeFile } from './csv.ts';

const REFUSED = new Set(['unmatched', 'disjoint']);

export interface ConceptMapFile extends CodeFile {
  /** System of the source codes, where all groups name the same one. */
  readonly source?: string | undefined;
}

export function parseConceptMap(text: string): ConceptMapFile {
  let map: unknown;
  try {
    map = JSON.parse(text);
  } catch {
    return fault('the file is no JSON');
  }
  if (!isTree(map) || map.resourceType !== 'ConceptMap') return fault('the file is no ConceptMap');
  const groups = list(map.group);
  const entries: CodeEntry[] = [];
  for (const group of groups) {
    const system = textOf(group.target);
    for (const element of list(group.element)) {
      const source = textOf(element.code);
      for (const target of list(element.target)) {
        const code = textOf(target.code);
        if (source === undefined || code === undefined || REFUSED.has(String(target.equivalence))) continue;
        const display = textOf(target.display);
        entries.push({ source, target: { code, ...(display ? { display } : {}), ...(system ? { system } : {}) } });
      }
    }
  }
  const sources = new Set(groups.map((group) => textOf(group.source)));
  return { entries, faults: [], ...(sources.size === 1 ? { source: [...sources][0] } : {}) };
}

function fault(message: string): ConceptMapFile {
  return { entries: [], faults: [{ line: 1, message, hint: 'an R4 ConceptMap as JSON is wanted' }] };
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isTree) : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
