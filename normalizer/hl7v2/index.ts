/** HL7 v2 → R4: by the shipped map of the message's event. */
import type { Normalized, Rejected } from '../../core/types.ts';
import type { NormalizeContext, NormalizeInput } from '../context.ts';
import { runMap } from '../mapping/index.ts';
import { standardMap } from '../mapping/standard.ts';
import { reject, rejectError } from '../outcome.ts';
import { type Message, readMessage } from './reader/message.ts';
import { eventOf } from './structure/event.ts';

/** By trigger event (MSH-9.1 and MSH-9.2); the structure follows from it where MSH-9.3 is absent. */
const MAPS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    'A01 A02 A03 A04 A05 A06 A07 A08 A09 A10 A11 A12 A13 A14 A15 A16 A21 A22 A23 A25 A26 A27 A28 A29 A31 A32 A33 A38 A54 A55 A60 A61 A62'
      .split(' ')
      .map((event) => [`ADT^${event}`, 'hl7v2/adt-a01']),
  ),
  'ADT^A34': 'hl7v2/adt-a40',
  'ADT^A40': 'hl7v2/adt-a40',
  ...Object.fromEntries(
    'T01 T02 T03 T04 T05 T06 T07 T08 T09 T10 T11'.split(' ').map((event) => [`MDM^${event}`, 'hl7v2/mdm-t02']),
  ),
  'OMG^O19': 'hl7v2/orm-o01',
  'OML^O21': 'hl7v2/orm-o01',
  'ORM^O01': 'hl7v2/orm-o01',
  'ORU^R01': 'hl7v2/oru-r01',
  'RDE^O11': 'hl7v2/rde-o11',
  'RDE^O01': 'hl7v2/rde-o11',
  'RDE^O25': 'hl7v2/rde-o11',
  'RDS^O01': 'hl7v2/rds-o13',
  'RDS^O13': 'hl7v2/rds-o13',
  'SIU^S12': 'hl7v2/siu-s12',
  'SIU^S13': 'hl7v2/siu-s12',
  'SIU^S14': 'hl7v2/siu-s12',
  'SIU^S15': 'hl7v2/siu-s12',
  'SIU^S17': 'hl7v2/siu-s12',
  'SIU^S26': 'hl7v2/siu-s12',
  'VXU^V04': 'hl7v2/vxu-v04',
};

export function normalizeHl7v2(input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  let message: Message;
  try {
    message = readMessage(input.bytes, context.charset);
  } catch (error) {
    return rejectError(error);
  }
  const { type, event } = eventOf(message.segments);
  const name = `${type}^${event}`;
  const map = Object.hasOwn(MAPS, name) ? MAPS[name] : undefined;
  if (map === undefined) return reject('item.unsupported', 'no map reads messages of this type and event');
  return runMap(standardMap(map), { ...input, read: message }, context);
}
