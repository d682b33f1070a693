/** Which character set a message is in, and its text. Exactly, or not at all (`decoders.ts`, `iso2022.ts`). */
import { isAscii, isUtf8 } from 'node:buffer';
import { BridgeError } from '../../../core/errors.ts';
import { ascii, type Decode, decoderNamed, foreign, plainName } from './decoders.ts';
import { decodeSwitching, type Switching, switchesSets } from './iso2022.ts';

export interface Decoded {
  /** Without byte order mark. */
  readonly text: string;
  /** In the same set, for `\X..\`; undefined where the bytes are none of its characters. */
  hex(bytes: Uint8Array): string | undefined;
  /** True where ASCII or UTF-16 is declared and the bytes cannot be that, but are UTF-8: read as what they are. */
  readonly misdeclared: boolean;
}

/** Sets that are only reached by switching (HL7 table 0211; JAS2020 and JIS X 0202 are ISO 2022 with all of them). */
const SWITCHED = new Set(['ISOIR13', 'ISOIR14', 'ISOIR87', 'ISOIR159', 'JAS2020', 'JISX0202', 'ISO2022JP']);
const KATAKANA = new Set(['ISOIR13', 'ISOIR14']);
const UTF_16 = new Set(['UNICODE', 'UNICODEUTF16', 'UTF16', 'UTF16BE', 'UTF16LE']);
const HEADER_BYTES = 16_384;

/**
 * Order of evidence: byte order mark, the feed's configuration, MSH-18 (whose first repetition is the message's own
 * set), strict UTF-8. Where the bytes switch sets by ISO 2022, that is followed whatever is declared.
 *
 * @throws BridgeError item.charset
 */
export function decodeMessage(bytes: Uint8Array, configured: string | undefined): Decoded {
  const marked = byUnicodeMark(bytes);
  if (marked !== undefined) return decoded(bytes, decoderOf(marked));
  const header = headerOf(bytes);
  const names = configured === undefined ? header.names : [configured];
  const [own = 'UTF-8', ...more] = names.map((name) => name || 'ASCII');
  const switched = names.some((name) => SWITCHED.has(plainName(name)));
  const base = SWITCHED.has(plainName(own)) ? ascii : decoderOf(own);
  if (switched || switchesSets(bytes, header.encoding)) {
    const kana = [own, ...more].some((name) => KATAKANA.has(plainName(name)));
    return switching(bytes, { base, kana, encoding: header.encoding });
  }
  if (configured === undefined && isMisdeclared(bytes, own, base))
    return { ...decoded(bytes, decoderOf('UTF-8')), misdeclared: true };
  return decoded(bytes, base);
}

/** A header whose letters stand side by side is not in UTF-16. */
function isMisdeclared(bytes: Uint8Array, name: string, base: Decode): boolean {
  return UTF_16.has(plainName(name)) || (base === ascii && !isAscii(bytes));
}

export function isKnownCharset(name: string): boolean {
  return decoderNamed(name) !== undefined || SWITCHED.has(plainName(name));
}

function decoded(bytes: Uint8Array, decode: Decode): Decoded {
  const text = decode(bytes);
  return { text: text.startsWith('\uFEFF') ? text.slice(1) : text, hex: orNothing(decode), misdeclared: false };
}

function switching(bytes: Uint8Array, how: Switching): Decoded {
  const decode: Decode = (some) => decodeSwitching(some, how);
  return { text: decode(bytes), hex: orNothing(decode), misdeclared: false };
}

function orNothing(decode: Decode): Decoded['hex'] {
  const isText = decode === decoderNamed('UTF-8') ? isUtf8 : () => true;
  return (bytes) => {
    // Costs no exception, of which a damaged message may ask for very many.
    if (!isText(bytes)) return undefined;
    try {
      return decode(bytes);
    } catch {
      return undefined;
    }
  };
}

function decoderOf(name: string): Decode {
  const decode = decoderNamed(name);
  if (!decode) throw new BridgeError('item.charset', 'the declared character set is not supported');
  return decode;
}

/** UTF-16 is told by its mark, or by the zeros beside its ASCII characters. UTF-32 is refused. */
function byUnicodeMark(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'UTF-8';
  const zeros = [a, b, c, d].map((byte) => (byte === 0 ? '0' : 'x')).join('');
  if (zeros === '000x' || zeros === 'x000' || (a === 0 && b === 0 && c === 0xfe) || (a === 0xff && zeros === 'xx00'))
    throw foreign();
  if ((a === 0xff && b === 0xfe) || zeros === 'x0x0') return 'UTF-16LE';
  if ((a === 0xfe && b === 0xff) || zeros === '0x0x') return 'UTF-16BE';
  return undefined;
}

interface HeaderBytes {
  /** MSH-18, one a repetition, as written; empty where it is absent. */
  readonly names: readonly string[];
  /** MSH-2. */
  readonly encoding: string;
}

/**
 * The header before the character set is known. Read as Latin-1 and, since in GB 18030 the second byte of a character
 * may be `|`, as GB 18030 too; the reading whose MSH-18 names a known set wins.
 */
function headerOf(bytes: Uint8Array): HeaderBytes {
  const line = headerLine(Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEADER_BYTES)));
  const plain = headerFields(line.toString('latin1'));
  if (isAscii(line) || plain.names.some(isKnownCharset)) return plain;
  const chinese = headerFields(new TextDecoder('gb18030').decode(line));
  return chinese.names.some(isKnownCharset) ? chinese : plain;
}

const HEADER = /MSH[^A-Za-z0-9\s\0]/;

/** From MSH to the end of its line; empty where there is none. */
function headerLine(head: Buffer): Buffer {
  const start = head.toString('latin1', 0, 4).search(HEADER) === 0 ? 0 : head.toString('latin1').search(HEADER);
  const rest = head.subarray(start < 0 ? head.length : start);
  const ends = [rest.indexOf(0x0d), rest.indexOf(0x0a)].filter((end) => end >= 0);
  return rest.subarray(0, Math.min(rest.length, ...ends));
}

function headerFields(line: string): HeaderBytes {
  const fields = line.split(line[3] ?? '|');
  const encoding = fields[1] ?? '';
  const value = fields[17]?.trim();
  return { names: value ? value.split(encoding[1] || '~').map((name) => name.trim()) : [], encoding };
}
