/** What a message is about (MSH-9), also where older versions and careless senders leave parts of it out. */
import type { Segment } from '../reader/segment.ts';

export interface MessageEvent {
  /** MSH-9.1, e.g. `ADT`. */
  readonly type: string;
  /** MSH-9.2, e.g. `A01`; else EVN-1, else from the structure, else the only event of the type; empty where nothing tells. */
  readonly event: string;
  /** MSH-9.3. */
  readonly structure: string | undefined;
}

/** Types that versions before 2.3 send without an event. */
const ONLY_EVENT: Readonly<Record<string, string>> = {
  DFT: 'P03',
  ORM: 'O01',
  ORU: 'R01',
  RDE: 'O01',
  RDS: 'O01',
  VXU: 'V04',
};

/** @param segments of the message, its header first */
export function eventOf(segments: readonly Segment[]): MessageEvent {
  const sent = segments[0]!.field(9);
  const structure = sent.part(3).code;
  const [type = '', named] = (sent.part(1).code ?? '').split('_');
  const event =
    sent.part(2).code ??
    named ??
    segments.find(({ name }) => name === 'EVN')?.field(1).code ??
    structure?.split('_')[1];
  return { type, event: event ?? (Object.hasOwn(ONLY_EVENT, type) ? ONLY_EVENT[type] : undefined) ?? '', structure };
}
