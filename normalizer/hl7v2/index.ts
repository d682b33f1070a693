/** HL7 v2 → R4: by the shipped map of the message's event. */
import type { Normalized, Rejected } from '../../core/types.ts';
import type { NormalizeContext, NormalizeInput } from '../context.ts';
import { runMap } from '../mapping/execute.ts';
import { hl7v2 } from '../mapping/sources/hl7v2.ts';
import { standardMap } from '../mapping/standard.ts';
import { reject, rejectError } from '../outcome.ts';
import { mapOfEvent } from './events.ts';
import { type Message, readMessage } from './reader/message.ts';
import { eventOf } from './structure/event.ts';

export function normalizeHl7v2(input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  let message: Message;
  try {
    message = readMessage(input.bytes, context.charset);
  } catch (error) {
    return rejectError(error);
  }
  const { type, event } = eventOf(message.segments);
  const map = mapOfEvent(type, event);
  if (map === undefined) return reject('item.unsupported', `no shipped map reads ${named(type, event)}`);
  return runMap(standardMap(map, { hl7v2 }), { ...input, read: message }, context);
}

/** A type and event of the standard are named; anything else could be a value. */
function named(type: string, event: string): string {
  return /^[A-Z]{3}$/.test(type) && /^[A-Z]\d\d$/.test(event)
    ? `messages of ${type}^${event}`
    : 'messages of this type and event';
}
