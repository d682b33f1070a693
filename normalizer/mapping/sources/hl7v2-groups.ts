/** The segments of a message in the groups of its structure, and in those that a map cuts by their segments. */
import type { Segment } from '../../hl7v2/reader/segment.ts';
import { type Arranged, arrange } from '../../hl7v2/structure/arrange.ts';
import { Group } from '../../hl7v2/structure/group.ts';
import type { Structure } from '../../hl7v2/structure/notation.ts';
import type { CutGroup, GroupRule } from './format.ts';

/** @param structure undefined where the message has none that is known: then it is one group before any is cut */
export function groupSegments(
  segments: readonly Segment[],
  structure: Structure | undefined,
  rules: readonly GroupRule[],
): Arranged {
  const { visible, cuts } = planOf(rules);
  const arranged = structure ? arrange(segments, structure, visible) : unarranged(segments);
  if (cuts.length > 0) cutAll(arranged.root, cuts);
  return arranged;
}

interface Plan {
  /** Name of a group in the structure → as the map calls it. */
  readonly visible: (name: string) => string | undefined;
  readonly cuts: readonly CutGroup[];
}

/** By the rules of a map, which are the same for all its messages. */
const plans = new WeakMap<readonly GroupRule[], Plan>();

function planOf(rules: readonly GroupRule[]): Plan {
  let plan = plans.get(rules);
  if (!plan) {
    const names = new Map(rules.flatMap((rule) => ('of' in rule ? rule.of.map((name) => [name, rule.name]) : [])));
    plan = { visible: (name) => names.get(name), cuts: rules.filter((rule) => 'starts' in rule) };
    plans.set(rules, plan);
  }
  return plan;
}

function unarranged(segments: readonly Segment[]): Arranged {
  const root = new Group('', null);
  root.segments.push(...segments);
  return { root, unexpected: [], unknown: [], missing: [] };
}

function cutAll(group: Group, rules: readonly CutGroup[]): void {
  for (const inner of group.groups) cutAll(inner, rules);
  if (rules.some((rule) => mayHold(group, rule))) cut(group, rules);
}

/** Moves segments of the group into groups below it. */
function cut(top: Group, rules: readonly CutGroup[]): void {
  const segments = top.segments.splice(0);
  let here = top;
  /** A group that segments above its start have opened. */
  let awaiting: CutGroup | undefined;
  for (const [index, segment] of segments.entries()) {
    const rule = rules.find((one) => opens(one, segments, index));
    if (rule && awaiting !== rule) {
      const parent = holder(here, rule, top);
      if (parent) {
        here = new Group(rule.name, parent);
        parent.groups.push(here);
      }
      awaiting = segment.name === rule.starts ? undefined : rule;
    } else if (rule && segment.name === rule.starts) awaiting = undefined;
    else if (segment.name === 'PID' && !rules.some(({ starts, before }) => starts === 'PID' || before.includes('PID')))
      // Whom the message is about is never said within a part of it.
      here = top;
    here.segments.push(segment);
  }
}

/** The start itself, or a segment of `before` from which the start is reached over others of `before`. */
function opens(rule: CutGroup, segments: readonly Segment[], index: number): boolean {
  let at = index;
  const passed = new Set<string>();
  while (segments[at] && rule.before.includes(segments[at]!.name) && !passed.has(segments[at]!.name)) {
    passed.add(segments[at]!.name);
    at += 1;
  }
  return segments[at]?.name === rule.starts;
}

/** The innermost open group, from `top` on, that may hold it. */
function holder(here: Group, rule: CutGroup, top: Group): Group | undefined {
  for (let at: Group | null = here; at; at = at === top ? null : at.parent) if (mayHold(at, rule)) return at;
  return undefined;
}

function mayHold(group: Group, { within }: CutGroup): boolean {
  return within.length === 0 ? group.parent === null : within.includes(group.name);
}
