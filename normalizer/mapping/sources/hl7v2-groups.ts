/** Segments of a message in the groups that a map declares. Every segment is in exactly one group, or in the message itself. */
import type { Message } from '../../hl7v2/reader/message.ts';
import type { Segment } from '../../hl7v2/reader/segment.ts';
import type { GroupRule } from './format.ts';

export class Group {
  readonly name: string;
  readonly parent: Group | null;
  /** Not those of groups below. */
  readonly segments: Segment[] = [];
  readonly groups: Group[] = [];

  constructor(name: string, parent: Group | null) {
    this.name = name;
    this.parent = parent;
  }

  below(name: string): Group[] {
    return this.groups.filter((group) => group.name === name);
  }
}

/** @returns the message as the outermost group */
export function groupSegments(message: Message, rules: readonly GroupRule[]): Group {
  const root = new Group('', null);
  let here = root;
  /** A group that segments above its start have opened. */
  let awaiting: GroupRule | undefined;
  const { segments } = message;
  for (const [index, segment] of segments.entries()) {
    const rule = rules.find((one) => opens(one, segments, index));
    if (rule && awaiting !== rule) {
      const parent = holder(here, rule);
      if (parent) {
        here = new Group(rule.name, parent);
        parent.groups.push(here);
      }
      awaiting = segment.name === rule.starts ? undefined : rule;
    } else if (rule && segment.name === rule.starts) awaiting = undefined;
    else if (segment.name === 'PID' && !rules.some(({ starts, before }) => starts === 'PID' || before.includes('PID')))
      // Whom the message is about is never said within a part of it.
      here = root;
    here.segments.push(segment);
  }
  return root;
}

/** The start itself, or a segment of `before` from which the start is reached over others of `before`. */
function opens(rule: GroupRule, segments: readonly Segment[], index: number): boolean {
  let at = index;
  const passed = new Set<string>();
  while (segments[at] && rule.before.includes(segments[at]!.name) && !passed.has(segments[at]!.name)) {
    passed.add(segments[at]!.name);
    at += 1;
  }
  return segments[at]?.name === rule.starts;
}

/** The innermost open group that may hold it. */
function holder(here: Group, rule: GroupRule): Group | undefined {
  let at: Group | null = here;
  while (at) {
    if (rule.within.length === 0 ? at.parent === null : rule.within.includes(at.name)) return at;
    at = at.parent;
  }
  return undefined;
}
