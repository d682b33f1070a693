/**
 * A message about several people as one message for each: a record belongs to one person, and its source must not tell
 * of another. Every part has the segments above the first PID, and those from its own PID to the next one.
 */
import { readHeader } from './header.ts';

/** Events whose structure repeats with each PID (HL7 v2.9 chapters 3, 6 and 7), as MSH-9.1 and MSH-9.2. */
const REPEATED = new Set([
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
const [CR, LF] = [0x0d, 0x0a];
const PID = Buffer.from('PID', 'latin1');

/**
 * @param message its bytes in a character set that has ASCII as single bytes; one in UTF-16 stays whole
 * @returns the message itself where it is about one person; nothing of it is in no part
 */
export function byPerson(message: Uint8Array): Uint8Array[] {
  const header = readHeader(message);
  if (!header) return [message];
  const [type, event] = header.field(9).split(header.encoding[0]!);
  if (!REPEATED.has(`${type?.trim()}^${event?.trim()}`)) return [message];
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  const starts = personsAt(bytes, header.separator);
  if (starts.length < 2) return [message];
  const common = bytes.subarray(0, starts[0]);
  return starts.map(
    (start, index) => new Uint8Array(Buffer.concat([common, bytes.subarray(start, starts[index + 1])])),
  );
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
