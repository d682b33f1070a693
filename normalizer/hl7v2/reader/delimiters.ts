/** The delimiters of one message, from MSH-1 and MSH-2 (HL7 v2.9 §2.5.4). */
import { BridgeError } from '../../../core/errors.ts';

export interface Delimiters {
  readonly field: string;
  readonly component: string;
  /** Empty where MSH-2 is shorter: then nothing is split at it. */
  readonly repetition: string;
  readonly escape: string;
  readonly subcomponent: string;
  /** v2.7: fifth character of MSH-2. */
  readonly truncation: string;
  /** True where MSH-2 holds its escape character twice in a row (`^~\\&`, a string literal that was not unquoted): read as once. */
  readonly doubled: boolean;
}

/** As the standard proposes them, and nearly every sender writes them. */
const USUAL = '|^~\\&|';
const usual = delimitersOf(`MSH${USUAL}`);

/**
 * @param header the MSH (or FHS, BHS) line, beginning with its name
 * @throws BridgeError item.format
 */
export function readDelimiters(header: string): Delimiters {
  return header.startsWith(USUAL, 3) ? usual : delimitersOf(header);
}

function delimitersOf(header: string): Delimiters {
  const field = header[3];
  if (field === undefined || /[A-Za-z0-9\s\0]/.test(field)) throw malformed('MSH-1 holds no field separator');
  const end = header.indexOf(field, 4);
  const encoding = header.slice(4, end < 0 ? undefined : end);
  const doubled = encoding.length > 3 && encoding[2] === encoding[3];
  const signs = doubled ? encoding.slice(0, 3) + encoding.slice(4) : encoding;
  if (signs.length < 1 || signs.length > 5) throw malformed('MSH-2 holds no encoding characters');
  if (/[A-Za-z0-9\s\0]/.test(signs)) throw malformed('MSH-2 holds letters, digits or white space');
  if (new Set(field + signs).size !== signs.length + 1) throw malformed('MSH-2 names one delimiter twice');
  const at = (index: number) => signs[index] ?? '';
  return { field, component: at(0), repetition: at(1), escape: at(2), subcomponent: at(3), truncation: at(4), doubled };
}

function malformed(what: string): BridgeError {
  return new BridgeError('item.format', what);
}
