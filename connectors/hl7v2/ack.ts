/** Acknowledgements (HL7 v2.5.1 §2.9.2 original mode, §2.9.3 enhanced mode), built from the message's own header. */
import { createHash } from 'node:crypto';
import { type Header, readHeader } from './header.ts';

/** What became of a message; `reused`: it is stored, and its control id was used before for another one. */
export type Fate = 'accepted' | 'reused' | 'not-stored' | 'cut' | 'no-message' | 'too-large';
/** MSA-1 (table 0008). */
export type AckCode = 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR';

interface Fault {
  /** Table 0357. */
  readonly code: string;
  readonly name: string;
  readonly text: string;
}

interface Answer {
  readonly application: AckCode;
  readonly commit: AckCode;
  readonly fault?: Fault;
}

const [ACCEPT, ERROR, REJECT] = [
  { application: 'AA', commit: 'CA' },
  { application: 'AE', commit: 'CE' },
  { application: 'AR', commit: 'CR' },
] as const;
const INTERNAL = { code: '207', name: 'Application internal error' };

/**
 * Fixed texts of letters and spaces, which are never delimiters; nothing of the message is repeated in them. An error is
 * worth another try, a rejection is not.
 */
const ANSWERS: Readonly<Record<Fate, Answer>> = {
  accepted: ACCEPT,
  reused: {
    ...ACCEPT,
    fault: {
      code: '205',
      name: 'Duplicate key identifier',
      text: 'stored although the control id was used before',
    },
  },
  'not-stored': { ...ERROR, fault: { ...INTERNAL, text: 'not stored and worth another try' } },
  cut: { ...ERROR, fault: { ...INTERNAL, text: 'the end block is missing' } },
  'no-message': {
    ...REJECT,
    fault: { code: '100', name: 'Segment sequence error', text: 'not accepted as an HL7 v2 message' },
  },
  'too-large': { ...REJECT, fault: { ...INTERNAL, text: 'larger than is accepted here' } },
};

const NO_HEADER = readHeader(Buffer.from('MSH|^~\\&||||||||||2.5', 'latin1'))!;

/**
 * The acknowledgements that the sender asked for: one in original mode; none, one or two in enhanced mode.
 * @param at RFC 3339, for MSH-7; with it the same message has the same answer
 */
export function acknowledgements(
  header: Header | null,
  fate: Fate,
  message: Uint8Array,
  at = new Date().toISOString(),
): Uint8Array[] {
  const answer = ANSWERS[fate];
  const [accept, application] = [header?.field(15) ?? '', header?.field(16) ?? ''];
  const codes: AckCode[] = [];
  if (header === null || (accept === '' && application === '')) codes.push(answer.application);
  else {
    if (isWanted(accept, answer)) codes.push(answer.commit);
    if (isWanted(application, answer)) codes.push(answer.application);
  }
  return codes.map((code) => acknowledgement(header ?? NO_HEADER, code, answer, message, at));
}

/** Table 0155: always, never, on error or rejection only, on success only. */
function isWanted(condition: string, { commit }: Answer): boolean {
  return condition === 'AL' || condition === (commit === 'CA' ? 'SU' : 'ER');
}

function acknowledgement(
  header: Header,
  code: AckCode,
  { fault }: Answer,
  message: Uint8Array,
  at: string,
): Uint8Array {
  const { separator: s, field } = header;
  const [component = '^'] = header.encoding;
  const trigger = field(9).split(component)[1];
  const type = trigger ? ['ACK', trigger, 'ACK'].join(component) : 'ACK';
  const parties = [field(5), field(6), field(3), field(4)];
  const msh = ['MSH', header.encoding, ...parties, timestamp(at), '', type, ownId(code, message), field(11) || 'P'];
  msh.push(field(12) || '2.5');
  if (field(18)) msh.push('', '', '', '', '', field(18));
  const segments = [msh.join(s), ['MSA', code, field(10)].join(s)];
  if (fault) segments.push(errorSegment(header, fault, /^[AC]A$/.test(code) ? 'W' : 'E'));
  return Buffer.from(`${segments.join('\r')}\r`, 'latin1');
}

/** ERR changed its form with v2.5: ERR-1 (location and error) before, ERR-3, -4 (table 0516: warning, error) and -8 since. */
function errorSegment(header: Header, { code, name, text }: Fault, severity: 'W' | 'E'): string {
  const [component = '^', , , subcomponent = '&'] = header.encoding;
  if (/^2\.[1-4]/.test(header.field(12))) {
    return ['ERR', ['', '', '', [code, text, 'HL70357'].join(subcomponent)].join(component)].join(header.separator);
  }
  const fields = ['ERR', '', '', [code, name, 'HL70357'].join(component), severity, '', '', '', text];
  return fields.join(header.separator);
}

/** The same for the same message, so that a repeated message meets a repeated answer. */
function ownId(code: AckCode, message: Uint8Array): string {
  return createHash('sha256').update(code).update(message).digest('hex').slice(0, 20);
}

function timestamp(at: string): string {
  return `${at.slice(0, 19).replace(/\D/g, '')}+0000`;
}
