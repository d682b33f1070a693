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
const [NUL, TAB, LF, VT, CR, SPACE] = [0x00, 0x09, 0x0a, 0x0b, 0x0d, 0x20];
const BLANK = new Set([NUL, TAB, LF, VT, CR, SPACE]);
/** Sets in which the second byte of a character may be that of a delimiter. */
const DOUBLE_BYTE = /^(?:GB|CP936|BIG|SHIFT|SJIS)/i;

/**
 * @param charset of the feed, where it is configured; else MSH-18 tells
 * @returns null when the bytes are no HL7 v2 message; blank lines before MSH are passed over
 */
export function readHeader(message: Uint8Array, charset?: string): Header | null {
  const text = Buffer.from(message.buffer, message.byteOffset, firstLineEnd(message)).toString('latin1');
  const match = /^(?:\xef\xbb\xbf)?[\r\n\0\v\t ]*(MSH([^\r\n\0A-Za-z0-9 ])[^\r\n]*)/.exec(text);
  if (!match) return null;
  const [, segment, separator] = match as unknown as [string, string, string];
  const fields = fieldsOf(segment, separator, charset);
  const encoding = fields[1] ?? '';
  if (encoding === '') return null;
  return {
    separator,
    encoding,
    field: (number) => (number === 1 ? separator : (fields[number - 1] ?? '')),
  };
}

/** Where the first line ends that is not blank: a message is long, and its header is asked for more than once. */
function firstLineEnd(message: Uint8Array): number {
  const most = Math.min(message.length, MOST);
  let at = message[0] === 0xef && message[1] === 0xbb && message[2] === 0xbf ? 3 : 0;
  while (at < most && BLANK.has(message[at]!)) at += 1;
  while (at < most && message[at] !== CR && message[at] !== LF) at += 1;
  return at;
}

function fieldsOf(segment: string, separator: string, charset: string | undefined): readonly string[] {
  const switched = segment.includes('\x1b$') ? blot(segment, /\x1b\$[^\x1b]*/g) : segment;
  const plain = cut(segment, switched, separator);
  if (charset === undefined ? /^[\x00-\x80]*$/.test(segment) : !DOUBLE_BYTE.test(charset)) return plain;
  const paired = cut(segment, blot(switched, /[\x81-\xfe][\x30-\x7e\x80-\xfe]/g), separator);
  return DOUBLE_BYTE.test(charset ?? paired[17] ?? '') ? paired : plain;
}

/** Characters of several bytes, without anything in them that looks like a delimiter. */
function blot(text: string, characters: RegExp): string {
  return text.replace(characters, (found) => 'x'.repeat(found.length));
}

/** Cuts the segment where its likeness has separators. */
function cut(segment: string, likeness: string, separator: string): string[] {
  if (likeness === segment) return segment.split(separator);
  let at = 0;
  return likeness.split(separator).map(({ length }) => {
    const field = segment.slice(at, at + length);
    at += length + separator.length;
    return field;
  });
}
