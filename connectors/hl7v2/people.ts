/**
 * A message about several people as one message for each: a record belongs to one person, and its source must not tell
 * of another. Every part has the segments above the first PID, and those from its own PID to the next one.
 */
import { type Header, readHeader } from './header.ts';

/**
 * Events whose structure repeats with each PID (HL7 v2.9 chapters 3, 6 and 7), as MSH-9.1 and MSH-9.2. Two who change beds (A17)
 * and two who are not one person after all (A37) are two people as well; two numbers that are linked (A24) are of one.
 */
const REPEATED = new Set([
  'ADT^A17',
  'ADT^A37',
  'ADT^A39',
  'ADT^A40',
  'ADT^A41',
  'ADT^A42',
  'ADT^A43',
  'ADT^A44',
  'BAR^P02',
  'BAR^P06',
  'ORU^R01',
]);
const [CR, LF, M] = [0x0d, 0x0a, 0x4d];
const PID = Buffer.from('PID', 'latin1');

/**
 * @param message its bytes, in a character set that has ASCII as single bytes or in UTF-16
 * @param known its header, where it was read already
 * @returns the message itself where it is about one person; nothing of it is in no part
 */
export function byPerson(message: Uint8Array, known?: Header | null): Uint8Array[] {
  const wide = ofUtf16(message);
  const bytes = wide?.narrow ?? Buffer.from(message.buffer, message.byteOffset, message.length);
  const header = known === undefined || wide ? readHeader(bytes) : known;
  if (!header) return [message];
  const [type, event] = header.field(9).split(header.encoding[0]!);
  if (!REPEATED.has(`${type?.trim()}^${event?.trim()}`)) return [message];
  const starts = personsAt(bytes, header.separator).map((at) => (wide ? wide.start + 2 * at : at));
  if (starts.length < 2) return [message];
  const common = message.subarray(0, starts[0]);
  return starts.map(
    (start, index) => new Uint8Array(Buffer.concat([common, message.subarray(start, starts[index + 1])])),
  );
}

/**
 * A message in UTF-16 with one byte for each of its units, behind a byte order mark: what is not ASCII becomes a byte that no segment
 * begins with.
 */
function ofUtf16(message: Uint8Array): { narrow: Buffer; start: number } | undefined {
  const [first, second] = message;
  const start = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) ? 2 : 0;
  const low = message[start] === 0 ? 1 : 0;
  if (message[start + 1 - low] !== 0 || message[start + low] !== M) return undefined;
  const narrow = Buffer.alloc((message.length - start) >> 1);
  for (let at = 0; at < narrow.length; at += 1) {
    const unit = start + 2 * at;
    narrow[at] = message[unit + 1 - low] === 0 ? message[unit + low]! : 0x1a;
  }
  return { narrow, start };
}

/** Offsets of the lines that begin with PID. */
function personsAt(bytes: Buffer, separator: string): number[] {
  const found: number[] = [];
  const after = separator.charCodeAt(0);
  for (let at = bytes.indexOf(PID); at >= 0; at = bytes.indexOf(PID, at + 3)) {
    const before = bytes[at - 1];
    if ((before === CR || before === LF) && bytes[at + 3] === after) found.push(at);
  }
  return found;
}
