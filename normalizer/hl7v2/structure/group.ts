/** Segments that belong together. */
import type { Segment } from '../reader/segment.ts';

const NONE: readonly Segment[] = [];

export class Group {
  /** As the map calls it; empty for the message itself. */
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

  first(name: string): Segment | undefined {
    for (const segment of this.segments) if (segment.name === name) return segment;
    return undefined;
  }

  all(name: string): readonly Segment[] {
    return this.first(name) ? this.segments.filter((segment) => segment.name === name) : NONE;
  }
}
