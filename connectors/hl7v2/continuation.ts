/**
 * A message in several (HL7 v2.9 §2.10.2): DSC at the end of one, the same pointer in MSH-14 of the next. The parts are
 * put behind each other as they came; the reader knows how to read them.
 */
import { type Header, readHeader } from './header.ts';

const DSC = Buffer.from('DSC', 'latin1');

/** DSC-1 of a message that another one continues; undefined of a whole message. */
export function continuedBy(message: Uint8Array, header = readHeader(message)): string | undefined {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  const at = bytes.lastIndexOf(DSC);
  if (at < 1 || (bytes[at - 1] !== 0x0d && bytes[at - 1] !== 0x0a)) return undefined;
  const [name, pointer, style] = bytes
    .toString('latin1', at, at + 512)
    .split(/[\r\n]/)[0]!
    .split(header?.separator ?? '|');
  // Table 0398: I does not continue the message but offers more answers to a query.
  return name === 'DSC' && style?.trim() !== 'I' ? pointer?.trim() || undefined : undefined;
}

/** MSH-14, by which a message says which one it continues. */
export function continues(header: Header | null): string | undefined {
  return header?.field(14).trim() || undefined;
}
