/**
 * Puts the segments of a message into the groups of its structure. A segment that stands where the structure does not expect
 * it goes where a person would look for it, and is told; none is lost.
 */
import type { Segment } from '../reader/segment.ts';
import { Group } from './group.ts';
import type { Content, Element, Structure } from './notation.ts';

export interface Arranged {
  readonly root: Group;
  /** Known to the structure, and not where it expects them. */
  readonly unexpected: readonly Segment[];
  /** Not in the structure at any place: of the sender's own (Z) and others. */
  readonly unknown: readonly Segment[];
  /** First segments of what the structure demands, by the group that lacks it; empty for the message. */
  readonly missing: readonly { readonly segment: string; readonly group: string }[];
}

/** @param visible name of a group in the structure → as it is called; what is not visible counts to the group around it */
export function arrange(
  segments: readonly Segment[],
  structure: Structure,
  visible: (name: string) => string | undefined,
): Arranged {
  const arrangement = new Arrangement(structure, visible);
  const unexpected: Segment[] = [];
  const unknown: Segment[] = [];
  for (const segment of segments) {
    const found = arrangement.place(segment);
    if (found === 'unexpected') unexpected.push(segment);
    if (found === 'unknown') unknown.push(segment);
  }
  return { root: arrangement.root.group, unexpected, unknown, missing: arrangement.missing() };
}

/** A group of the structure as it occurs in the message. */
class Instance {
  readonly name: string;
  readonly content: Content;
  readonly parent: Instance | undefined;
  /** Where its segments are kept: its own, or that of the visible instance around it. */
  readonly group: Group;
  /** Element that was filled last, in the order of the structure. */
  at = -1;
  /** Where it was begun in its midst: elements before this one were passed over. */
  begunAt = 0;
  /** By element: how often it is there. */
  readonly counts: number[];
  /** By element: the last instance of a group. */
  readonly last: (Instance | undefined)[] = [];

  constructor(name: string, content: Content, parent: Instance | undefined, group: Group) {
    this.name = name;
    this.content = content;
    this.parent = parent;
    this.group = group;
    this.counts = content.elements.map(() => 0);
  }

  free(index: number): boolean {
    return this.counts[index] === 0 || this.content.elements[index]!.repeats;
  }
}

/** A place that a segment may take: an element of an instance. */
type Place = readonly [Instance, number];

/** Of the person, whatever the group in which they are sent; none of them begins a group anew. */
const PERSONAL = new Set('PD1 NK1 PV1 PV2 AL1 IAM DB1 DG1 DRG PR1 GT1 IN1 IN2 IN3 ACC'.split(' '));
/** With one of these an order is there; what should stand above it is missing for good. */
const ORDERED = new Set('OBR RXO RXE RXD RXA'.split(' '));

class Arrangement {
  readonly root: Instance;
  readonly #visible: (name: string) => string | undefined;
  readonly #all: Instance[] = [];
  /** Where the message has got to. */
  #here: Instance;
  /** A group off the way that took the last segment; those that follow it may belong there, too. */
  #aside: Instance | undefined;

  constructor({ content }: Structure, visible: (name: string) => string | undefined) {
    this.#visible = visible;
    this.root = new Instance('', content, undefined, new Group('', null));
    this.#here = this.root;
    this.#all.push(this.root);
  }

  place(segment: Segment): 'expected' | 'unexpected' | 'unknown' {
    const { name } = segment;
    if (!this.root.content.holds.has(name)) {
      const group = PERSONAL.has(name) ? this.root : (this.#aside ?? this.#here);
      group.group.segments.push(segment);
      return 'unknown';
    }
    if (this.#aside && this.#putAside(segment, this.#aside)) return 'expected';
    if (name === 'ORC') this.#leavePrior(segment);
    for (let group: Instance | undefined = this.#here; group; group = group.parent) {
      const next = nextPlace(group, name);
      if (next !== undefined) {
        this.#aside = undefined;
        this.#here = this.#put(segment, [group, next]);
        return 'expected';
      }
      const passed = passedPlace(group, name);
      if (passed !== undefined) {
        this.#aside = this.#put(segment, [group, passed]);
        return 'unexpected';
      }
    }
    this.#putOutOfOrder(segment);
    return 'unexpected';
  }

  missing(): { segment: string; group: string }[] {
    return this.#all.flatMap(({ name, content, counts }) =>
      content.elements.flatMap((element, index) =>
        element.required && counts[index] === 0 ? [{ segment: firstSegment(element), group: name }] : [],
      ),
    );
  }

  /** Orders after prior results (ORC-1 PR) look like more of these. */
  #leavePrior(order: Segment): void {
    for (let group: Instance | undefined = this.#here; group; group = group.parent)
      if (group.name === 'PRIOR_RESULT' && group.counts.at(-1)! > 0 && order.field(1).code !== 'PR')
        this.#here = group.parent!;
  }

  #putAside(segment: Segment, aside: Instance): boolean {
    const next = nextPlace(aside, segment.name);
    if (next === undefined) return false;
    this.#aside = this.#put(segment, [aside, next]);
    return true;
  }

  #putOutOfOrder(segment: Segment): void {
    const { name } = segment;
    // A note belongs to what it follows.
    for (let group: Instance | undefined = name === 'NTE' ? undefined : this.#here; group; group = group.parent) {
      const earlier = earlierPlace(group, name);
      if (earlier) {
        this.#aside = this.#put(segment, earlier);
        return;
      }
      const ahead = PERSONAL.has(name) ? undefined : placeAhead(group, name);
      if (ahead !== undefined) {
        this.#aside = undefined;
        this.#here = this.#put(segment, [group, ahead]);
        return;
      }
    }
    const group = name === 'NTE' ? (this.#aside ?? this.#here) : holder(this.#here, name);
    group.group.segments.push(segment);
  }

  /** @returns the innermost instance, which keeps it */
  #put(segment: Segment, [group, index]: Place): Instance {
    const { content, name } = group.content.elements[index]!;
    group.at = Math.max(group.at, index);
    group.counts[index]! += 1;
    if (!content) {
      group.group.segments.push(segment);
      return group;
    }
    const inner = this.#begin(name, content, group);
    group.last[index] = inner;
    const start = (content.starts.get(segment.name) ?? content.holds.get(segment.name)!)[0]!;
    if (!content.first.has(segment.name) && !ORDERED.has(segment.name)) inner.begunAt = start;
    return this.#put(segment, [inner, start]);
  }

  #begin(name: string, content: Content, parent: Instance): Instance {
    const shown = this.#visible(name);
    const group = shown === undefined ? parent.group : new Group(shown, parent.group);
    if (shown !== undefined) parent.group.groups.push(group);
    const made = new Instance(name, content, parent, group);
    this.#all.push(made);
    return made;
  }
}

/** Where the structure expects it next. */
function nextPlace(group: Instance, name: string): number | undefined {
  return group.content.starts
    .get(name)
    ?.find((index) =>
      index === group.at ? group.content.elements[index]!.repeats : index > group.at && group.free(index),
    );
}

/** What was passed over when the group was begun in its midst. */
function passedPlace(group: Instance, name: string): number | undefined {
  return group.content.starts.get(name)?.find((index) => index < group.begunAt && group.counts[index] === 0);
}

/** A place before where the group has got to: in the last group there, if it takes it, else in a new one. */
function earlierPlace(group: Instance, name: string): Place | undefined {
  const indices = (group.content.holds.get(name) ?? []).filter((index) => index < group.at);
  for (const index of indices.reverse()) {
    const place = within(group, index, name);
    if (place) return place;
  }
  return undefined;
}

function within(group: Instance, index: number, name: string): Place | undefined {
  const last = group.last[index];
  for (const inner of last?.content.holds.get(name) ?? []) {
    const place = within(last!, inner, name);
    if (place) return place;
  }
  return group.free(index) ? [group, index] : undefined;
}

/** A group that holds it further in: that with which it should begin is missing. */
function placeAhead(group: Instance, name: string): number | undefined {
  return group.content.holds.get(name)?.find((index) => index >= group.at && group.free(index));
}

/** The innermost open group that has the segment already, and takes it once only. */
function holder(here: Instance, name: string): Instance {
  let group = here;
  while (group.parent && !group.content.holds.has(name)) group = group.parent;
  return group;
}

function firstSegment({ segments, content }: Element): string {
  if (!content) return segments[0]!;
  return firstSegment(content.elements.find(({ required }) => required) ?? content.elements[0]!);
}
