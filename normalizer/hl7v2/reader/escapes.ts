/** Escape sequences of ER7 text (HL7 v2.9 §2.7). Decoded once, left to right; what is not understood stays as it is. */
import type { Delimiters } from './delimiters.ts';

/** @param hex decodes the bytes of `\X..\`; undefined where they are no text of the message's character set */
export function decodeEscapes(
  text: string,
  delimiters: Delimiters,
  hex: (bytes: Uint8Array) => string | undefined,
): string {
  const mark = delimiters.escape;
  if (mark === '' || !text.includes(mark)) return text;
  let out = '';
  let at = 0;
  for (;;) {
    const start = text.indexOf(mark, at);
    const end = start < 0 ? -1 : text.indexOf(mark, start + 1);
    if (end < 0) return out + text.slice(at);
    const decoded = decode(text.slice(start + 1, end), delimiters, hex);
    if (decoded === undefined) {
      // A lone escape character: it is text, and the next one may open a sequence.
      out += text.slice(at, end);
      at = end;
    } else {
      out += text.slice(at, start) + decoded;
      at = end + 1;
    }
  }
}

function decode(
  sequence: string,
  delimiters: Delimiters,
  hex: (bytes: Uint8Array) => string | undefined,
): string | undefined {
  switch (sequence) {
    case 'F':
      return delimiters.field;
    case 'S':
      return delimiters.component;
    case 'T':
      return delimiters.subcomponent;
    case 'R':
      return delimiters.repetition;
    case 'E':
      return delimiters.escape;
    case 'P':
      return delimiters.truncation || undefined;
    case 'H':
    case 'N':
      return '';
    default:
      return sequence.startsWith('X') ? decodeHexDigits(sequence.slice(1), hex) : format(sequence);
  }
}

function decodeHexDigits(digits: string, hex: (bytes: Uint8Array) => string | undefined): string | undefined {
  return /^(?:[0-9A-Fa-f]{2})+$/.test(digits) ? hex(Buffer.from(digits, 'hex')) : undefined;
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
