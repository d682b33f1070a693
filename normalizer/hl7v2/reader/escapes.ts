/** Escape sequences of ER7 text (HL7 v2.9 §2.7). Decoded once, left to right; what is not understood stays as it is. */
import type { Delimiters } from './delimiters.ts';

/** Decodes bytes in the message's character set; undefined where they are no text of it. */
export type HexDecoder = (bytes: Uint8Array) => string | undefined;

/** @param hex for `\X..\` */
export function decodeEscapes(text: string, delimiters: Delimiters, hex: HexDecoder): string {
  const mark = delimiters.escape;
  if (mark === '' || !text.includes(mark)) return text;
  let out = '';
  let at = 0;
  for (;;) {
    const start = text.indexOf(mark, at);
    const end = start < 0 ? -1 : text.indexOf(mark, start + 1);
    if (end < 0) return out + text.slice(at);
    const read = readSequence(text, start, end, delimiters, hex);
    if (read) {
      out += text.slice(at, start) + read.text;
      at = read.end;
    } else {
      // A lone escape character: it is text, and the next one may open a sequence.
      out += text.slice(at, end);
      at = end;
    }
  }
}

interface Sequence {
  readonly text: string;
  /** Behind its last escape character. */
  readonly end: number;
}

/** @param end of the first sequence; some of them form one thing with those behind */
function readSequence(
  text: string,
  start: number,
  end: number,
  delimiters: Delimiters,
  hex: HexDecoder,
): Sequence | undefined {
  const sequence = text.slice(start + 1, end);
  if (sequence === 'E')
    return escapedTwice(text, end + 1, delimiters, hex) ?? { text: delimiters.escape, end: end + 1 };
  if (sequence.startsWith('X')) return readHex(text, start, delimiters.escape, hex);
  const decoded = decode(sequence, delimiters);
  return decoded === undefined ? undefined : { text: decoded, end: end + 1 };
}

function decode(sequence: string, delimiters: Delimiters): string | undefined {
  switch (sequence) {
    case 'F':
      return delimiters.field;
    case 'S':
      return delimiters.component;
    case 'T':
      return delimiters.subcomponent;
    case 'R':
      return delimiters.repetition;
    case 'P':
      return delimiters.truncation || undefined;
    case 'H':
    case 'N':
      return '';
    default:
      return format(sequence);
  }
}

/**
 * `\E\X0D\E\`, `\E\.br\E\`: an interface engine has escaped a sequence that was one already. Only for those that nobody
 * writes as text; `C:\E\F\E\` stays a path.
 */
function escapedTwice(text: string, from: number, delimiters: Delimiters, hex: HexDecoder): Sequence | undefined {
  const mark = delimiters.escape;
  if (text[from] !== 'X' && text[from] !== '.') return undefined;
  const closing = `${mark}E${mark}`;
  const end = text.indexOf(mark, from);
  if (end < 0 || !text.startsWith(closing, end)) return undefined;
  const sequence = text.slice(from, end);
  const decoded = sequence.startsWith('X') ? bytesOf(sequence.slice(1), hex) : format(sequence);
  return decoded === undefined ? undefined : { text: decoded, end: end + closing.length };
}

/** Sequences that follow each other may hold the bytes of one character. */
function readHex(text: string, start: number, mark: string, hex: HexDecoder): Sequence | undefined {
  let digits = '';
  for (let at = start; text[at] === mark && text[at + 1] === 'X'; ) {
    const end = text.indexOf(mark, at + 1);
    const more = end < 0 ? '' : text.slice(at + 2, end);
    if (!isHex(more)) break;
    digits += more;
    at = end + 1;
    const decoded = bytesOf(digits, hex);
    if (decoded !== undefined) return { text: decoded, end: at };
    // No character of any set has more bytes.
    if (digits.length >= 8) break;
  }
  return undefined;
}

function isHex(digits: string): boolean {
  return /^(?:[0-9A-Fa-f]{2})+$/.test(digits);
}

function bytesOf(digits: string, hex: HexDecoder): string | undefined {
  return isHex(digits) ? hex(Buffer.from(digits, 'hex')) : undefined;
}

/** Formatting commands of FT (§2.7.6): line breaks and spaces become such, indents and fill modes nothing. */
function format(sequence: string): string | undefined {
  const command = /^\.(br|ce|sp|sk|in|ti|fi|nf)\s*([+-]?\d{0,3})$/.exec(sequence);
  if (!command) return undefined;
  const count = Math.abs(Number(command[2] || 1));
  switch (command[1]) {
    case 'br':
    case 'ce':
      return '\n';
    case 'sp':
      return '\n'.repeat(count);
    case 'sk':
      return ' '.repeat(count);
    default:
      return '';
  }
}
