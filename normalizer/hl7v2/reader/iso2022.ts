/**
 * Text that switches between character sets (ISO/IEC 2022), as Japanese and Korean senders write it: by ISO 2022
 * escape sequences, or by the HL7 escapes `\Cxxyy\` and `\Mxxyyzz\` that spell the same bytes in hex (HL7 v2.9 §2.7.3).
 * JIS X 0208 and 0212 stand in both halves of the code table (7 and 8 bits); a line begins in the message's own set.
 */
import { type Decode, decoderNamed, foreign } from './decoders.ts';

/** A set in G0 (bytes 0x21–0x7E) or G1 (0xA1–0xFE). Undefined: that half of the message's own set. */
type Set0 = 'ascii' | 'roman' | 'kana' | 'jis0208' | 'jis0212' | undefined;
type Set1 = 'kana' | 'jis0208' | 'jis0212' | 'ksx1001' | 'gb2312' | `8859/${number}` | undefined;
type Designation = { readonly g0: Set0 } | { readonly g1: Set1 };

/** By the bytes behind ESC, as Latin-1: HL7 v2.9 §2.7.3 and ISO-IR. */
const DESIGNATIONS: Readonly<Record<string, Designation>> = {
  '(B': { g0: 'ascii' },
  '(J': { g0: 'roman' },
  '(I': { g0: 'kana' },
  '$@': { g0: 'jis0208' },
  $B: { g0: 'jis0208' },
  '$(D': { g0: 'jis0212' },
  ')I': { g1: 'kana' },
  '$)B': { g1: 'jis0208' },
  '$)D': { g1: 'jis0212' },
  '$)C': { g1: 'ksx1001' },
  '$)A': { g1: 'gb2312' },
  '-A': { g1: '8859/1' },
  '-B': { g1: '8859/2' },
  '-C': { g1: '8859/3' },
  '-D': { g1: '8859/4' },
  '-L': { g1: '8859/5' },
  '-G': { g1: '8859/6' },
  '-F': { g1: '8859/7' },
  '-H': { g1: '8859/8' },
  '-M': { g1: '8859/9' },
};
const [LF, CR, ESC, BACKSLASH, TILDE] = [0x0a, 0x0d, 0x1b, 0x5c, 0x7e];
/** JIS X 0208 as the standard names its characters; the WHATWG table names Microsoft's. */
const JIS_NAMES: Readonly<Record<string, string>> = {
  '\uff5e': '\u301c',
  '\u2225': '\u2016',
  '\uff0d': '\u2212',
  '\uffe0': '\u00a2',
  '\uffe1': '\u00a3',
  '\uffe2': '\u00ac',
};

export interface Switching {
  /** The message's own set, where nothing is designated. */
  readonly base: Decode;
  /** JIS X 0201 (ISO IR14) is declared: katakana in the upper half. */
  readonly kana: boolean;
  /** MSH-2, as Latin-1: its signs stay delimiters in JIS X 0201, too, where their bytes mean `¥` and `‾`. */
  readonly encoding: string;
}

/** True where the bytes designate a set that is known here. */
export function switchesSets(bytes: Uint8Array, encoding: string): boolean {
  for (const mark of [ESC, markOf(encoding)])
    for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1))
      if (designationAt(bytes, at, encoding)) return true;
  return false;
}

/** @throws BridgeError item.charset for bytes that the designated set does not have, and for unknown designations */
export function decodeSwitching(bytes: Uint8Array, switching: Switching): string {
  const initial: Set1 = switching.kana ? 'kana' : undefined;
  let [g0, g1]: [Set0, Set1] = [undefined, initial];
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at]!;
    const designation = designationAt(bytes, at, switching.encoding);
    if (designation) {
      if ('g0' in designation.to) g0 = designation.to.g0;
      else g1 = designation.to.g1;
      at += designation.length;
    } else if (byte === ESC) throw foreign();
    else if (byte <= 0x20 || byte === 0x7f) {
      if (byte === CR || byte === LF) [g0, g1] = [undefined, initial];
      text += String.fromCharCode(byte);
      at += 1;
    } else if (byte >= 0x80) {
      const end = endOfUpper(bytes, at);
      text += upper(bytes.subarray(at, end), g1, switching.base);
      at = end;
    } else if (g0 === 'jis0208' || g0 === 'jis0212') {
      text += japanese(bytes.subarray(at, at + 2), g0);
      at += 2;
    } else {
      text += lower(byte, bytes[at + 1], g0, switching);
      at += 1;
    }
  }
  return text;
}

/** The escape character of MSH-2, third as everywhere. */
function markOf(encoding: string): number {
  return encoding.charCodeAt(2) || ESC;
}

function designationAt(
  bytes: Uint8Array,
  at: number,
  encoding: string,
): { to: Designation; length: number } | undefined {
  const byte = bytes[at];
  if (byte === ESC) {
    for (const length of [2, 3]) {
      const to = designation(Buffer.from(bytes.subarray(at + 1, at + 1 + length)).toString('latin1'));
      if (to) return { to, length: length + 1 };
    }
    return undefined;
  }
  const kind = bytes[at + 1];
  if (byte !== markOf(encoding) || (kind !== 0x43 && kind !== 0x4d)) return undefined;
  const written = /^[CM]((?:[0-9A-Fa-f]{2}){2,3})(.)/s.exec(
    Buffer.from(bytes.subarray(at + 1, at + 9)).toString('latin1'),
  );
  if (!written || written[2] !== encoding[2]) return undefined;
  const to = designation(Buffer.from(written[1]!, 'hex').toString('latin1'));
  return to && { to, length: written[0].length + 1 };
}

function designation(code: string): Designation | undefined {
  return Object.hasOwn(DESIGNATIONS, code) ? DESIGNATIONS[code] : undefined;
}

function endOfUpper(bytes: Uint8Array, from: number): number {
  let end = from;
  while (end < bytes.length && bytes[end]! >= 0x80) end += 1;
  return end;
}

function upper(bytes: Uint8Array, set: Set1, base: Decode): string {
  switch (set) {
    case undefined:
      return base(bytes);
    case 'kana':
      return Array.from(bytes, (byte) => katakana(byte & 0x7f)).join('');
    case 'jis0208':
    case 'jis0212':
      return japanese(
        bytes.map((byte) => byte & 0x7f),
        set,
      );
    default:
      return decoderNamed(set)!(bytes);
  }
}

/** ISO 646 and JIS X 0201, whose Roman half has `¥` and `‾` for two signs that are delimiters almost everywhere. */
function lower(byte: number, next: number | undefined, set: Set0, { encoding, kana }: Switching): string {
  if (set === 'kana') return katakana(byte);
  const sign = String.fromCharCode(byte);
  if (set !== 'roman' && !(set === undefined && kana)) return sign;
  // `¥100` is a price, no escape sequence.
  if (byte === BACKSLASH) return encoding.includes(sign) && !isDigit(next) ? sign : '¥';
  return byte === TILDE && !encoding.includes(sign) ? '‾' : sign;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** JIS X 0201 katakana, seven bits. */
function katakana(code: number): string {
  if (code < 0x21 || code > 0x5f) throw foreign();
  return String.fromCharCode(0xff61 + code - 0x21);
}

/** Pairs of seven bits, by way of EUC-JP. */
function japanese(pairs: Uint8Array, set: 'jis0208' | 'jis0212'): string {
  if (pairs.length % 2 > 0 || pairs.some((byte) => byte < 0x21 || byte > 0x7e)) throw foreign();
  const euc: number[] = [];
  for (const [index, byte] of pairs.entries()) {
    if (set === 'jis0212' && index % 2 === 0) euc.push(0x8f);
    euc.push(byte | 0x80);
  }
  const text = decoderNamed('EUC-JP')!(Uint8Array.from(euc));
  return set === 'jis0212' ? text : text.replace(/[\uff5e\u2225\uff0d\uffe0-\uffe2]/g, (sign) => JIS_NAMES[sign]!);
}
