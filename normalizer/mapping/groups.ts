/** `structure` and `groups` of a map that reads HL7 v2. */
import { standardGroups, structureNamed } from '../hl7v2/structure/index.ts';
import { groupNames, parseStructure, type Structure } from '../hl7v2/structure/notation.ts';
import { namedNodes } from './named.ts';
import { didYouMean, type Problems } from './problems.ts';
import { type CutGroup, entryOf, type GroupRule, type MapSource } from './sources/format.ts';
import type { MapNode, Node } from './yaml.ts';

/** The name of a standard structure, or one written out. */
export function structureOf(node: Node | undefined, source: MapSource, problems: Problems): Structure | undefined {
  if (!node) return undefined;
  if (source !== 'hl7v2') problems.add(node.at, 'only HL7 v2 has message structures', 'delete structure');
  const text = node.kind === 'scalar' ? node.text : '';
  const known = structureNamed(text);
  if (known) return known;
  try {
    return parseStructure('the structure of the map', text);
  } catch (error) {
    problems.add(
      node.at,
      `the structure cannot be read: ${(error as Error).message}`,
      "write ORU_R01, or 'MSH PID ORDER(ORC OBR? RESULT(OBX NTE*)*)+'",
    );
    return undefined;
  }
}

export function groupsOf(
  node: Node | undefined,
  structure: Structure | undefined,
  source: MapSource,
  problems: Problems,
): GroupRule[] {
  if (node && source !== 'hl7v2') problems.add(node.at, 'only HL7 v2 has groups of segments', 'delete groups');
  const groups: GroupRule[] = [];
  const known = structure ? groupNames(structure.content) : standardGroups();
  for (const [name, value] of namedNodes(node, problems)) {
    if (!/^[a-z]/.test(name))
      problems.add(value.at, `the group ${name} begins with a capital`, 'groups have small letters, segments capitals');
    if (value.kind === 'map') groups.push(cutGroup(name, value, problems));
    else groups.push({ name, of: namesIn(name, value, known, problems) });
  }
  checkWithin(node, groups, problems);
  return groups;
}

function words(node: Node | undefined): string[] {
  const list = node?.kind === 'list' ? node.items : node ? [node] : [];
  return list.flatMap((item) => (item.kind === 'scalar' ? [item.text] : []));
}

function namesIn(group: string, node: Node, known: ReadonlySet<string>, problems: Problems): string[] {
  const names = words(node);
  const strange = names.find((name) => !known.has(name));
  if (strange !== undefined)
    problems.add(node.at, `no message structure has a group ${strange}`, didYouMean(strange, known, 'groups'));
  if (names.length === 0)
    problems.add(node.at, `the group ${group} is no group`, `write ${group}: ORDER, or ${group}: { starts: OBR }`);
  return names;
}

const SEGMENT = /^[A-Z][A-Z0-9]{2}$/;
const PARTS = ['starts', 'before', 'in'];

function cutGroup(name: string, node: MapNode, problems: Problems): CutGroup {
  const [[starts = ''] = [], before = [], within = []] = PARTS.map((key) => words(entryOf(node.entries, key)?.value));
  if (!SEGMENT.test(starts) || !before.every((segment) => SEGMENT.test(segment)))
    problems.add(
      node.at,
      `the group ${name} names no segment that starts it`,
      `write ${name}: { starts: OBR, before: [ORC] }`,
    );
  for (const { key, at } of node.entries)
    if (!PARTS.includes(key)) problems.add(at, `a group has no part ${key}`, didYouMean(key, PARTS, 'parts'));
  return { name, starts, before, within };
}

function checkWithin(node: Node | undefined, groups: readonly GroupRule[], problems: Problems): void {
  const names = groups.map(({ name }) => name);
  for (const group of groups) {
    const unknown = 'within' in group ? group.within.find((outer) => !names.includes(outer)) : undefined;
    if (unknown !== undefined)
      problems.add(
        node!.at,
        `the group ${group.name} stands in ${unknown}, which is no group`,
        didYouMean(unknown, names, 'groups'),
      );
  }
}
