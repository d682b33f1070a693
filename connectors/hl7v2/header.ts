/**
 * The little of a message header that transport needs (HL7 v2.5.1 §2.15.9 MSH). Bytes are read as Latin-1, so that
 * whatever set the sender uses, what is given back is what came.
 */
export interface Header {
  /** MSH-1 and MSH-2 as sent. */
  readonly separator: string;
  readonly encoding: string;
  /** Field by its number; MSH-1 is the separator itself. Empty where absent. */
  field(number: number): string;
}

/** A header segment longer than this is none. */
const MOST = 16_384;

/** @returns null when the bytes are no HL7 v2 message; blank lines before MSH are passed over */
export function readHeader(message: Uint8Array): Header | null {
  const text = Buffer.from(message.buffer, message.byteOffset, Math.min(message.length, MOST)).toString('latin1');
  const match = /^(?:\xef\xbb\xbf)?[\r\n\0\v\t ]*(MSH([^\r\n\0A-Za-z0-9 ])[^\r\n]*)/.exec(text);
  if (!match) return null;
  const [, segment, separator] = match;
  const fields = segment!.split(separator!);
  const encoding = fields[1] ?? '';
  if (encoding === '') return null;
  return {
    separator: separator!,
    encoding,
    field: (number) => (number === 1 ? separator! : (fields[number - 1] ?? '')),
  };
}
