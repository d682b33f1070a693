/** R4 ConceptMap ↔ code map. */
import { BridgeError } from '../../core/errors.ts';
import { isTree } from '../tree.ts';
import { type CodeRow, EQUIVALENCES } from './code-map.ts';

export interface ConceptMapHead {
  /** Canonical URL. */
  readonly url: string;
  readonly name: string;
  readonly version?: string;
}

/** One group for each pair of systems; the order of the rows is kept within it. */
export function toConceptMap(rows: readonly CodeRow[], { url, name, version }: ConceptMapHead): fhir4.ConceptMap {
  const groups = new Map<string, fhir4.ConceptMapGroup>();
  for (const row of rows) {
    const key = JSON.stringify([row.sourceSystem, row.targetSystem]);
    const group = groups.get(key) ?? {
      ...(row.sourceSystem ? { source: row.sourceSystem } : {}),
      ...(row.targetSystem ? { target: row.targetSystem } : {}),
      element: [],
    };
    groups.set(key, group);
    addRow(group, row);
  }
  const group = [...groups.values()];
  return {
    resourceType: 'ConceptMap',
    url,
    ...(version ? { version } : {}),
    name,
    status: 'active',
    ...(group.length > 0 ? { group } : {}),
  };
}

function addRow(group: fhir4.ConceptMapGroup, row: CodeRow): void {
  const present = group.element.find(({ code }) => code === row.sourceCode);
  const element: fhir4.ConceptMapGroupElement = present ?? {
    code: row.sourceCode,
    ...(row.sourceDisplay ? { display: row.sourceDisplay } : {}),
  };
  if (!present) group.element.push(element);
  element.target = [
    ...(element.target ?? []),
    {
      ...(row.targetCode ? { code: row.targetCode } : {}),
      ...(row.targetDisplay ? { display: row.targetDisplay } : {}),
      equivalence: row.targetCode ? row.equivalence : 'unmatched',
    },
  ];
}

export interface ReadConceptMap {
  readonly rows: readonly CodeRow[];
  /** What a code map cannot hold, each with its place. */
  readonly left: readonly string[];
}

/** @throws BridgeError item.format where it is no R4 ConceptMap */
export function fromConceptMap(resource: unknown): ReadConceptMap {
  if (!isTree(resource) || resource.resourceType !== 'ConceptMap')
    throw new BridgeError('item.format', 'the content is no ConceptMap');
  const map = resource as unknown as fhir4.ConceptMap;
  const rows: CodeRow[] = [];
  const left: string[] = [];
  for (const [index, group] of (map.group ?? []).entries()) {
    const place = `ConceptMap.group[${index}]`;
    if (group.unmapped) left.push(`${place}.unmapped: say \`default\` where the map uses the codes`);
    for (const [at, element] of (group.element ?? []).entries())
      rows.push(...rowsOf(group, element, `${place}.element[${at}]`, left));
  }
  return { rows, left };
}

function rowsOf(
  group: fhir4.ConceptMapGroup,
  element: fhir4.ConceptMapGroupElement,
  place: string,
  left: string[],
): CodeRow[] {
  if (!element.code) {
    left.push(`${place}: it has no code`);
    return [];
  }
  const source = {
    sourceSystem: group.source ?? '',
    sourceCode: element.code,
    ...(element.display ? { sourceDisplay: element.display } : {}),
    targetSystem: group.target ?? '',
  };
  const targets = element.target ?? [];
  if (targets.length === 0) return [{ ...source, equivalence: 'unmatched' }];
  return targets.map((target, index) => {
    if (target.dependsOn || target.product)
      left.push(`${place}.target[${index}]: dependsOn and product are not followed`);
    const { equivalence } = target;
    // R5 writes `relationship` instead; nothing is guessed from it.
    if (!EQUIVALENCES.includes(equivalence))
      throw new BridgeError('item.format', `${place}.target[${index}] has no equivalence of R4`, {
        hint: 'a ConceptMap of R5 writes relationship there; convert it to R4 first',
      });
    return {
      ...source,
      ...(target.code ? { targetCode: target.code } : {}),
      ...(target.display ? { targetDisplay: target.display } : {}),
      equivalence,
    };
  });
}
