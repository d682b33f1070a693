/** The shape of a message, a group or a segment: its segments in their order, and which of their fields are populated. */
import { Segment } from '../../hl7v2/reader/segment.ts';
import { Group } from '../../hl7v2/structure/group.ts';
import type { Scope } from './format.ts';
import type { Shape, Shapes } from './shape.ts';

/** Steps that are neither a segment or group nor fields of one. */
const GROUPS = -1;
const INNER = -2;

/** Fields that one step tells. */
const FIELDS = 20;

/** @returns undefined within a field */
export function hl7v2Shape(scope: Scope, shapes: Shapes): Shape | undefined {
  if (scope.shape === undefined) {
    scope.shape = shapeOf(scope, shapes) ?? null;
    if (scope.shape) scope.shape.seen += 1;
  }
  return scope.shape ?? undefined;
}

function shapeOf({ item, parent }: Scope, shapes: Shapes): Shape | undefined {
  const around = parent ? hl7v2Shape(parent, shapes)?.step(INNER) : shapes.root;
  if (!around) return undefined;
  if (item instanceof Segment) return withSegment(around, item);
  return item instanceof Group ? withGroup(around, item) : undefined;
}

function withGroup(before: Shape, { segments, groups }: Group): Shape {
  let shape = before;
  for (const segment of segments) shape = withSegment(shape, segment);
  if (groups.length === 0) return shape;
  shape = shape.step(GROUPS);
  let last: string | undefined;
  // Addresses of groups tell whether there is any, not how many.
  for (const { name } of groups) {
    if (name === last) continue;
    shape = shape.step(name);
    last = name;
  }
  return shape;
}

function withSegment(before: Shape, segment: Segment): Shape {
  let shape = before.step(segment.name);
  for (let start = 0; start < segment.length; start += FIELDS) {
    const end = Math.min(start + FIELDS, segment.length);
    let bits = 0;
    for (let number = start + 1; number <= end; number += 1) bits = (bits << 1) | (segment.isVacant(number) ? 0 : 1);
    if (bits > 0) shape = shape.step(start * 2 ** FIELDS + (bits << (start + FIELDS - end)));
  }
  return shape;
}
