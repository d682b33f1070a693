/** HL7 v2 messages, and the data types that a map reads of them. */
import type { Draft } from '../../draft.ts';
import { attachment } from '../../hl7v2/attachment.ts';
import { codedValue, cx, ei, xcnId, xonId } from '../../hl7v2/datatypes.ts';
import { xad, xcnName, xpn, xtn } from '../../hl7v2/person-types.ts';
import { Message, readMessage } from '../../hl7v2/reader/message.ts';
import { Value } from '../../hl7v2/reader/value.ts';
import { Scope as MessageScope } from '../../hl7v2/scope.ts';
import { eventOf } from '../../hl7v2/structure/event.ts';
import type { Group } from '../../hl7v2/structure/group.ts';
import { structureIssues, structureOf } from '../../hl7v2/structure/index.ts';
import { writtenOffset } from '../../shared/datetime.ts';
import type { Unit } from '../../shared/result.ts';
import type { Field, Native, Opened, SourceFormat } from './format.ts';
import { fieldsOf, hl7v2Address, holderOf } from './hl7v2-addresses.ts';
import { groupSegments } from './hl7v2-groups.ts';
import { hl7v2Shape } from './hl7v2-shape.ts';

const CONTENT_TYPE = 'x-application/hl7-v2+er7';
/** Read by the engine itself: type, control id, processing id, version, character set; set ids, whose order the segments keep. */
const HEADER_FIELDS = [9, 10, 11, 12, 18];
const NUMBERED = new Set(['PID', 'PV1', 'NK1', 'AL1', 'DG1', 'IN1', 'OBR', 'OBX', 'NTE', 'SPM']);

/** OBX-6 as unit: with its code where the sender says that it is UCUM. */
function unitOf(scope: MessageScope, value: Value): Unit | undefined {
  const coded = codedValue(scope, value);
  const ucum = coded?.coding?.find((coding) => coding.system === 'http://unitsofmeasure.org');
  const shown = coded?.text ?? coded?.coding?.[0]?.display ?? coded?.coding?.[0]?.code;
  return { unit: shown, ...(ucum ? { system: ucum.system, code: ucum.code } : {}) };
}

function nativeOf(scope: MessageScope): Native {
  const value = (field: Field) => (field instanceof Value ? field : undefined);
  return {
    code: (field, table) => (value(field) ? codedValue(scope, value(field)!, table) : undefined),
    identifier: (field, as) => {
      const sent = value(field);
      if (!sent) return undefined;
      if (as === 'XCN') return xcnId(scope, sent);
      if (as === 'XON') return xonId(scope, sent);
      return as === 'EI' ? ei(scope, sent) : cx(scope, sent);
    },
    name: (field, as) => {
      const sent = value(field);
      if (!sent) return undefined;
      return as === 'XCN' ? xcnName(scope, sent) : xpn(scope, sent);
    },
    address: (field) => (value(field) ? xad(scope, value(field)!) : undefined),
    telecom: (field, use) => (value(field) ? xtn(scope, value(field)!, use) : undefined),
    attachment: (field, kind) => (value(field) ? attachment(value(field)!, kind === 'RP') : undefined),
    unit: (field) => (value(field)?.isPopulated ? unitOf(scope, value(field)!) : undefined),
    recurs: scope.message.recurs,
    shape: hl7v2Shape,
    holdsNull: scope.message.segments.some(({ raw }) => raw.includes('""')),
    tellsZone: true,
    silence: (silent) => scope.message.silence(silent),
    zone: writtenOffset(scope.message.header.field(7).decoded ?? ''),
  };
}

export const hl7v2: SourceFormat = {
  kind: 'hl7v2',
  address: hl7v2Address,
  holder: holderOf,
  fieldsOf,
  open({ bytes, read }, context, draft: Draft, setup): Opened {
    const message = read instanceof Message ? read : readMessage(bytes, context.charset);
    message.open(draft.sources, (place) =>
      draft.issue('warning', 'field.invalid', place, 'control characters were left out'),
    );
    for (const { code, place, detail } of message.issues) draft.issue('warning', code, place, detail);
    const structure = setup.structure ?? structureOf(eventOf(message.segments));
    const arranged = groupSegments(message.segments, structure, setup.groups);
    if (structure)
      for (const { severity, code, path, detail } of structureIssues(structure.name, arranged))
        draft.issue(severity, code, path, detail);
    for (const number of HEADER_FIELDS) for (const value of message.header.all(number)) value.consume();
    for (const segment of message.segments) if (NUMBERED.has(segment.name)) segment.field(1).consume();
    // EVN-1 says the event of MSH-9 again.
    const event = message.first('EVN')?.field(1);
    if (event && event.content === message.header.field(9).part(2).content) event.consume();
    return {
      root: arranged.root,
      native: nativeOf(new MessageScope(draft, message)),
      see: () => draft.sources.account(message),
      keep: () => ({ contentType: CONTENT_TYPE, bytes }),
    };
  },
  matchKeys: ['message'],
  matches(root, _key, values) {
    const { type, event, structure } = eventOf((root as Group).segments);
    const names = [type, `${type}^${event}`, `${type}_${event}`, structure];
    return values.some((value) => names.includes(value));
  },
};
