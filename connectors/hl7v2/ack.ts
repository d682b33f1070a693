/** Acknowledgements (HL7 v2.5.1 §2.9.2 original mode, §2.9.3 enhanced mode), built from the message's own header. */
import { createHash } from 'node:crypto';
import { type Header, readHeader } from './header.ts';

/** What became of a message. */
export type Answer = 'accept' | 'error' | 'reject';
/** MSA-1 (table 0008). */
export type AckCode = 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';

const APPLICATION = { accept: 'AA', error: 'AE', reject: 'AR' } as const;
const COMMIT = { accept: 'CA', error: 'CE', reject: 'CR' } as const;

/** Fixed texts with their code of table 0357; nothing of the message is repeated in them. */
const FAULTS = {
  error: { code: '207', name: 'Application internal error', text: 'not stored; send it again later' },
  reject: { code: '100', name: 'Segment sequence error', text: 'not accepted as an HL7 v2 message' },
} as const;

const NO_HEADER = readHeader(Buffer.from('MSH|^~\\&||||||||||2.5', 'latin1'))!;

/** The acknowledgements that the sender asked for: one in original mode; none, one or two in enhanced mode. */
export function acknowledgements(header: Header | null, answer: Answer, message: Uint8Array): Uint8Array[] {
  const [accept, application] = [header?.field(15) ?? '', header?.field(16) ?? ''];
  const codes: AckCode[] = [];
  if (header === null || (accept === '' && application === '')) codes.push(APPLICATION[answer]);
  else {
    if (isWanted(accept, answer)) codes.push(COMMIT[answer]);
    if (isWanted(application, answer)) codes.push(APPLICATION[answer]);
  }
  return codes.map((code) => acknowledgement(header ?? NO_HEADER, code, answer, message));
}

/** Table 0155: always, never, on error or rejection only, on success only. */
function isWanted(condition: string, answer: Answer): boolean {
  return condition === 'AL' || condition === (answer === 'accept' ? 'SU' : 'ER');
}

function acknowledgement(header: Header, code: AckCode, answer: Answer, message: Uint8Array): Uint8Array {
  const { separator: s, field } = header;
  const [component = '^'] = header.encoding;
  const trigger = field(9).split(component)[1];
  const type = trigger ? ['ACK', trigger, 'ACK'].join(component) : 'ACK';
  const parties = [field(5), field(6), field(3), field(4)];
  const msh = ['MSH', header.encoding, ...parties, now(), '', type, ownId(code, message), field(11) || 'P'];
  msh.push(field(12) || '2.5');
  if (field(18)) msh.push('', '', '', '', '', field(18));
  const segments = [msh.join(s), ['MSA', code, field(10)].join(s)];
  if (answer !== 'accept') segments.push(errorSegment(header, FAULTS[answer]));
  return Buffer.from(`${segments.join('\r')}\r`, 'latin1');
}

/** ERR changed its form with v2.5: ERR-1 (location and error) before, ERR-3, -4 and -8 since. */
function errorSegment(header: Header, fault: (typeof FAULTS)[keyof typeof FAULTS]): string {
  const [component = '^', , , subcomponent = '&'] = header.encoding;
  const { code, name, text } = fault;
  if (/^2\.[1-4]/.test(header.field(12))) {
    return ['ERR', ['', '', '', [code, text, 'HL70357'].join(subcomponent)].join(component)].join(header.separator);
  }
  const fields = ['ERR', '', '', [code, name, 'HL70357'].join(component), 'E', '', '', '', text];
  return fields.join(header.separator);
}

/** The same for the same message, so that a repeated message meets a repeated answer. */
function ownId(code: AckCode, message: Uint8Array): string {
  return createHash('sha256').update(code).update(message).digest('hex').slice(0, 20);
}

function now(): string {
  return `${new Date().toISOString().slice(0, 19).replace(/\D/g, '')}+0000`;
}
