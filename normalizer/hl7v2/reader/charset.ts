/** Bytes → text. Exactly, or not at all: a byte that the character set does not know refuses the message. */
import { BridgeError } from '../../../core/errors.ts';

type Decode = (bytes: Uint8Array) => string;

/** HL7 table 0211 and the names that configurations and senders use, in upper case without spaces, `-`, `_` and `/`. */
const decoders: Readonly<Record<string, Decode>> = {
  ASCII: ascii,
  USASCII: ascii,
  ISOIR6: ascii,
  '88591': single('iso-8859-1'),
  '88592': single('iso-8859-2'),
  '88593': single('iso-8859-3'),
  '88594': single('iso-8859-4'),
  '88595': single('iso-8859-5'),
  '88596': single('iso-8859-6'),
  '88597': single('iso-8859-7'),
  '88598': single('iso-8859-8'),
  '88599': single('iso-8859-9'),
  '885915': single('iso-8859-15'),
  ISO88591: single('iso-8859-1'),
  LATIN1: single('iso-8859-1'),
  WINDOWS1252: whatwg('windows-1252'),
  UNICODEUTF8: whatwg('utf-8'),
  UTF8: whatwg('utf-8'),
  UNICODE: utf16,
  UNICODEUTF16: utf16,
  UTF16: utf16,
  UTF16LE: whatwg('utf-16le'),
  UTF16BE: whatwg('utf-16be'),
  GB180302000: whatwg('gb18030'),
  GB18030: whatwg('gb18030'),
  GBK: whatwg('gb18030'),
  GB2312: whatwg('gb18030'),
  BIG5: whatwg('big5'),
};

/**
 * Order of evidence: byte order mark, the feed's configuration, MSH-18, strict UTF-8.
 *
 * @throws BridgeError item.charset
 */
export function decodeMessage(bytes: Uint8Array, configured: string | undefined): string {
  const marked = byUnicodeMark(bytes);
  const name = marked ?? configured ?? declared(bytes) ?? 'UTF-8';
  const text = decoderOf(name)(bytes);
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Decodes the bytes of a `\X..\` escape in the message's own character set; undefined where they are none of its characters. */
export function decodeHex(bytes: Uint8Array, name: string): string | undefined {
  try {
    return decoderOf(name)(bytes);
  } catch {
    return undefined;
  }
}

export function isKnownCharset(name: string): boolean {
  return Object.hasOwn(decoders, plain(name));
}

function decoderOf(name: string): Decode {
  const decode = Object.hasOwn(decoders, plain(name)) ? decoders[plain(name)] : undefined;
  if (!decode) throw new BridgeError('item.charset', 'the declared character set is not supported');
  return decode;
}

function plain(name: string): string {
  return name.toUpperCase().replaceAll(/[\s\-_/]/g, '');
}

function byUnicodeMark(bytes: Uint8Array): string | undefined {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'UTF-8';
  if ((a === 0xff && b === 0xfe) || (a === 0x4d && b === 0)) return 'UTF-16LE';
  if ((a === 0xfe && b === 0xff) || (a === 0 && b === 0x4d)) return 'UTF-16BE';
  return undefined;
}

/**
 * MSH-18 before the character set is known. Read as bytes and, since in GB 18030 the second byte of a character may
 * be `|`, as GB 18030 too; the reading whose MSH-18 names a known set wins.
 */
function declared(bytes: Uint8Array): string | undefined {
  const end = bytes.findIndex((byte) => byte === 0x0d || byte === 0x0a);
  const line = bytes.subarray(0, end < 0 ? bytes.length : end);
  const names = [Buffer.from(line).toString('latin1'), new TextDecoder('gb18030').decode(line)].map(msh18);
  const known = names.find((name) => name !== undefined && isKnownCharset(name));
  return known ?? names.find((name) => name !== undefined);
}

function msh18(line: string): string | undefined {
  const header = line.slice(Math.max(0, line.indexOf('MSH')));
  const repetition = header[5] ?? '~';
  const value = header.split(header[3] ?? '|')[17];
  return value?.split(repetition)[0]?.trim() || undefined;
}

function whatwg(label: string): Decode {
  const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  return (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch {
      throw new BridgeError('item.charset', 'bytes do not belong to the declared character set');
    }
  };
}

/**
 * The parts of ISO 8859. The WHATWG decoders read 0x80–0x9F as Windows characters; in ISO 8859 these bytes are control
 * characters that no message holds, so that their presence tells of another set.
 */
function single(label: string): Decode {
  const decode = whatwg(label);
  return (bytes) => {
    if (bytes.some((byte) => byte >= 0x80 && byte <= 0x9f))
      throw new BridgeError('item.charset', 'bytes do not belong to the declared character set', {
        hint: 'the sender probably means windows-1252: declare it for the feed, then retry',
      });
    return decode(bytes);
  };
}

function ascii(bytes: Uint8Array): string {
  if (bytes.some((byte) => byte >= 0x80))
    throw new BridgeError('item.charset', 'the message declares ASCII and holds other bytes');
  return Buffer.from(bytes).toString('latin1');
}

/** Without a byte order mark UTF-16 is big-endian (RFC 2781 §4.3). */
function utf16(bytes: Uint8Array): string {
  return whatwg('utf-16be')(bytes);
}
