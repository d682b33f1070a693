/** HL7 v2 → R4: by the shipped map of the message's event. */
import type { Normalized, Rejected } from '../../core/types.ts';
import type { NormalizeContext, NormalizeInput } from '../context.ts';
import { runMaps, type Task } from '../mapping/execute.ts';
import { hl7v2 } from '../mapping/sources/hl7v2.ts';
import { standardMap } from '../mapping/standard.ts';
import { reject, rejectError } from '../outcome.ts';
import { mapOfEvent } from './events.ts';
import { readMessage } from './reader/message.ts';
import { eventOf } from './structure/event.ts';

/** Several messages, which share the way through their maps. @returns in their order */
export function normalizeHl7v2(
  inputs: readonly NormalizeInput[],
  context: NormalizeContext,
): readonly (Normalized | Rejected)[] {
  const tasks = inputs.map((input) => taskOf(input, context));
  const done = runMaps(tasks.filter((task) => 'map' in task)).values();
  return tasks.map((task) => ('map' in task ? done.next().value! : task));
}

function taskOf(input: NormalizeInput, context: NormalizeContext): Task | Rejected {
  try {
    const read = readMessage(input.bytes, context.charset);
    const { type, event } = eventOf(read.segments);
    const name = mapOfEvent(type, event);
    if (name === undefined) return reject('item.unsupported', `no shipped map reads ${named(type, event)}`);
    return { map: standardMap(name, { hl7v2 }), input: { ...input, read }, context };
  } catch (error) {
    return rejectError(error);
  }
}

/** A type and event of the standard are named; anything else could be a value. */
function named(type: string, event: string): string {
  return /^[A-Z]{3}$/.test(type) && /^[A-Z]\d\d$/.test(event)
    ? `messages of ${type}^${event}`
    : 'messages of this type and event';
}
