/**
 * What a message holds against its structure (HL7 v2.9 §7.3.1): it is told, and read where a person would look for it.
 * The groups themselves are those of the map.
 */
import type { ErrorCode } from '../../../core/codes.ts';
import type { Message } from './message.ts';
import type { Segment } from './segment.ts';

export interface StructureIssue {
  readonly code: ErrorCode;
  readonly place: string;
  readonly detail: string;
}

/** Segments of ORU_R01 from the first order on, besides those that open its groups. */
const WITHIN_ORDER = 'NTE OBX SPM TQ1 TQ2 CTD FT1 CTI PRT ROL SAC DEV SID TCD DSC'.split(' ');
const BEFORE_ORDERS = 'SFT UAC PID PD1 NTE NK1 ARV PV1 PV2 PRT ROL OH1 OH2 OH3 OH4 OBX GT1 IN1 AL1 DG1'.split(' ');

/** Of messages whose structure is known: ORU^R01. */
export function structureIssues(message: Message): StructureIssue[] {
  const type = message.header.field(9);
  if (type.part(1).text !== 'ORU' || type.part(2).text !== 'R01') return [];
  const unexpected = unexpectedResults(message.segments.slice(1)).map(({ place }) => ({
    code: 'structure.unexpected' as const,
    place,
    detail: 'ORU_R01 does not expect the segment here',
  }));
  if (message.first('OBR')) return unexpected;
  return [...unexpected, { code: 'field.missing', place: 'OBR', detail: 'the message holds no order' }];
}

function unexpectedResults(segments: readonly Segment[]): Segment[] {
  let ordered = false;
  return segments.filter((segment, index) => {
    const { name } = segment;
    if (name === 'ORC' || name === 'OBR') {
      ordered = true;
      // An order has one ORC at most, directly above its OBR.
      return name === 'ORC' && segments[index + 1]?.name !== 'OBR';
    }
    return !name.startsWith('Z') && !(ordered ? WITHIN_ORDER : BEFORE_ORDERS).includes(name);
  });
}
