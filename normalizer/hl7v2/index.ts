/** HL7 v2 → R4. */
import type { Normalized, Rejected } from '../../core/types.ts';
import type { NormalizeContext, NormalizeInput } from '../context.ts';
import { codeMapping, Draft } from '../draft.ts';
import { rejectError } from '../outcome.ts';
import { mapAdt } from './maps/adt.ts';
import type { MappedPatient } from './maps/patient.ts';
import { mapResults } from './maps/results.ts';
import { type Message, readMessage } from './reader/message.ts';
import { Scope } from './scope.ts';

const MAPPING = codeMapping('hl7v2', '1');
const CONTENT_TYPE = 'x-application/hl7-v2+er7';

/** By trigger event; the structure follows from it where MSH-9.3 is absent. */
const maps: Readonly<Record<string, (scope: Scope, event: string) => MappedPatient>> = {
  'ADT^A01': mapAdt,
  'ADT^A03': mapAdt,
  'ADT^A04': mapAdt,
  'ADT^A08': mapAdt,
  'ORU^R01': mapResults,
};

export function normalizeHl7v2(input: NormalizeInput, context: NormalizeContext): Normalized | Rejected {
  const draft = new Draft(context, MAPPING);
  try {
    const message = readMessage(input.bytes, context.charset, draft.sources, (place) =>
      draft.issue('warning', 'field.invalid', place, 'control characters were left out'),
    );
    return mapMessage(draft, message, input.bytes);
  } catch (error) {
    const { code, issues } = rejectError(error);
    return draft.reject(code, issues[0]!.detail);
  }
}

function mapMessage(draft: Draft, message: Message, bytes: Uint8Array): Normalized | Rejected {
  message.see();
  const type = message.header.field(9);
  const event = type.part(2).text ?? '';
  const map = maps[`${type.part(1).text}^${event}`];
  if (!map) return draft.reject('item.unsupported', 'no map reads messages of this type and event');
  const scope = new Scope(draft, message);
  useStructure(message);
  for (const stray of message.strays)
    draft.issue(
      'warning',
      'structure.unexpected',
      `line ${stray.line}`,
      'the line is no segment; it is kept in the source only',
    );
  const patient = map(scope, event);
  const occurred = scope.time(message.header.field(7));
  return draft.finish({
    patient: patient.owner,
    source: { contentType: CONTENT_TYPE, bytes },
    ...(occurred ? { occurred } : {}),
  });
}

const NUMBERED = new Set(['PID', 'PV1', 'NK1', 'AL1', 'DG1', 'IN1', 'OBR', 'OBX', 'NTE', 'SPM']);

/** What steers the reading itself: type, control id, version, character set; and set ids, whose order the segments keep. */
function useStructure(message: Message): void {
  for (const number of [9, 10, 11, 12, 18]) for (const value of message.header.all(number)) value.use();
  for (const segment of message.segments) if (NUMBERED.has(segment.name)) segment.field(1).use();
  message.first('EVN')?.field(1).use();
}
