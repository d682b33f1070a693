/**
 * Bytes → text for one character set. Exactly, or not at all: what the platform's decoder reads by a Windows or a
 * vendor's table where the standard has nothing is refused.
 */
import { BridgeError } from '../../../core/errors.ts';

/** @throws BridgeError item.charset */
export type Decode = (bytes: Uint8Array) => string;

const [ISO_8859, WINDOWS] = [
  [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16],
  [874, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258],
];
const made = new Map<string, Decode | undefined>();

/** By a name of HL7 table 0211, of the WHATWG or as senders write it; undefined where it is unknown. */
export function decoderNamed(name: string): Decode | undefined {
  const key = plainName(name);
  if (!made.has(key)) made.set(key, makeDecoder(key));
  return made.get(key);
}

/** `8859/1`, `ISO-8859-1` and `iso_8859_1` differ in nothing but spelling. */
export function plainName(name: string): string {
  return name.toUpperCase().replaceAll(/[\s\-_/]/g, '');
}

/** ISO 646 IRV, 7 bits. */
export function ascii(bytes: Uint8Array): string {
  if (bytes.some((byte) => byte >= 0x80)) throw foreign();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** @throws BridgeError item.charset where a byte has no character in the set */
export function whatwg(label: string): Decode {
  const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  return (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch {
      throw foreign();
    }
  };
}

function makeDecoder(key: string): Decode | undefined {
  switch (key) {
    case 'ASCII':
    case 'USASCII':
    case 'ISOIR6':
      return ascii;
    case 'UTF8':
    case 'UNICODEUTF8':
      return whatwg('utf-8');
    // Without a byte order mark UTF-16 is big-endian (RFC 2781 §4.3).
    case 'UNICODE':
    case 'UNICODEUTF16':
    case 'UTF16':
    case 'UTF16BE':
      return whatwg('utf-16be');
    case 'UTF16LE':
      return whatwg('utf-16le');
    case 'GB180302000':
    case 'GB18030':
      return gb18030;
    // As the hospitals' Windows systems write it: 0x80 is the euro sign.
    case 'GBK':
    case 'GB2312':
    case 'CP936':
    case 'WINDOWS936':
      return whatwg('gb18030');
    case 'BIG5':
      return without(whatwg('big5'), /[\x80-\x9f\ue000-\uf8ff]/);
    case 'KSX1001':
    case 'EUCKR':
      return without(whatwg('euc-kr'), /[\x80-\x9f]/);
    case 'SHIFTJIS':
    case 'SJIS':
      return without(whatwg('shift_jis'), /[\x80-\x9f]/);
    case 'EUCJP':
      return without(whatwg('euc-jp'), /[\x80-\x9f]/);
    default:
      return singleByte(key);
  }
}

/**
 * The WHATWG decoders of ISO 8859 read 0x80–0x9F as Windows characters or controls; in ISO 8859 these are control
 * characters that no message holds, so that their presence tells of another set. Those of Windows give controls where
 * the set has nothing.
 */
function singleByte(key: string): Decode | undefined {
  const windows = /^(?:WINDOWS|CP|WIN)(\d+)$/.exec(key)?.[1];
  if (windows)
    return WINDOWS.includes(Number(windows)) ? without(whatwg(`windows-${windows}`), /[\x80-\x9f]/) : undefined;
  const part = /^(?:ISO)?8859(\d+)$/.exec(key)?.[1] ?? { LATIN1: '1', LATIN2: '2', LATIN9: '15' }[key];
  if (part === undefined || !ISO_8859.includes(Number(part))) return undefined;
  const decode = whatwg(`iso-8859-${part}`);
  return (bytes) => {
    if (bytes.some((byte) => byte >= 0x80 && byte <= 0x9f))
      throw foreign('the sender probably means a Windows set: declare it for the feed, then retry');
    return decode(bytes);
  };
}

/** The WHATWG decoder takes 0x80, which no character of GB 18030 begins with, as the euro sign. */
function gb18030(bytes: Uint8Array): string {
  const text = decoderNamed('GBK')!(bytes);
  if (!text.includes('€')) return text;
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] === 0x80) throw foreign('the sender probably means GBK: declare it for the feed, then retry');
    const second = bytes[at + 1] ?? 0;
    at += bytes[at]! < 0x80 ? 1 : second >= 0x30 && second <= 0x39 ? 4 : 2;
  }
  return text;
}

function without(decode: Decode, characters: RegExp): Decode {
  return (bytes) => {
    const text = decode(bytes);
    if (characters.test(text)) throw foreign();
    return text;
  };
}

export function foreign(hint?: string): BridgeError {
  return new BridgeError('item.charset', 'bytes do not belong to the declared character set', hint ? { hint } : {});
}
