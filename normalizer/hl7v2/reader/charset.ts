/** Which character set a message is in, and its text. Exactly, or not at all (`decoders.ts`, `iso2022.ts`). */
import { isAscii, isUtf8 } from 'node:buffer';
import { BridgeError } from '../../../core/errors.ts';
import { detachedText } from '../../shared/detached.ts';
import { ascii, type Decode, decoderNamed, foreign, plainName } from './decoders.ts';
import { decodeSwitching, type Switching, switchesSets } from './iso2022.ts';
import { piecesOf } from './pieces.ts';

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
const [LF, CR] = [0x0a, 0x0d];

/**
 * Order of evidence: byte order mark, the feed's configuration, MSH-18 (whose first repetition is the message's own
 * set), strict UTF-8. Where the bytes switch sets by ISO 2022, that is followed whatever is declared.
 *
 * @throws BridgeError item.charset
 */
export function decodeMessage(bytes: Uint8Array, configured: string | undefined): Decoded {
  const marked = byUnicodeMark(bytes);
  if (marked !== undefined) return decoded(bytes, setOf(decoderOf(marked)));
  const header = headerOf(bytes);
  const { own, isWide, kana, isSwitched } = configured === undefined ? declared(header) : understood([configured]);
  if (isSwitched || switchesSets(bytes, header.encoding))
    return switching(bytes, { base: own.decode, kana, encoding: header.encoding });
  // A header whose letters stand side by side is not in UTF-16.
  if (configured === undefined && (isWide || (own.decode === ascii && !isAscii(bytes))))
    return { ...decoded(bytes, setOf(decoderOf('UTF-8'))), misdeclared: true };
  return decoded(bytes, own);
}

/** A character set that needs no switching. */
interface PlainSet {
  readonly decode: Decode;
  readonly hex: Decoded['hex'];
}

function setOf(decode: Decode): PlainSet {
  return { decode, hex: orNothing(decode) };
}

/** What the names of sets say. */
interface Declaration {
  /** Where nothing is switched. */
  readonly own: PlainSet;
  /** UTF-16. */
  readonly isWide: boolean;
  readonly kana: boolean;
  readonly isSwitched: boolean;
}

/** MSH-18 and MSH-2 → what they declare: the messages of a sender all declare the same. */
const declarations = new Map<string, Declaration>();
const MOST_DECLARATIONS = 256;

function declared(header: HeaderBytes): Declaration {
  // A line holds no line break.
  const key = `${header.charset}\r${header.encoding}`;
  let known = declarations.get(key);
  if (!known) {
    known = understood(namesOf(header));
    if (declarations.size >= MOST_DECLARATIONS) declarations.clear();
    if (key.length <= LONGEST_DECLARATION) declarations.set(detachedText(key), known);
  }
  return known;
}

const LONGEST_DECLARATION = 64;

/** @throws BridgeError item.charset for a set that is not supported */
function understood(names: readonly string[]): Declaration {
  const [own = 'UTF8', ...more] = names.map((name) => plainName(name || 'ASCII'));
  return {
    own: setOf(SWITCHED.has(own) ? ascii : decoderOf(own)),
    isWide: UTF_16.has(own),
    kana: [own, ...more].some((name) => KATAKANA.has(name)),
    isSwitched: [own, ...more].some((name) => SWITCHED.has(name)),
  };
}

export function isKnownCharset(name: string): boolean {
  return decoderNamed(name) !== undefined || SWITCHED.has(plainName(name));
}

function decoded(bytes: Uint8Array, { decode, hex }: PlainSet): Decoded {
  const text = decode(bytes);
  return { text: text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, hex, misdeclared: false };
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
  const [a, b, c, d] = [bytes[0], bytes[1], bytes[2], bytes[3]];
  if (a! < 0x80 && a !== 0 && b !== 0 && c !== 0 && d !== 0) return undefined;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'UTF-8';
  const zeros = [a, b, c, d].map((byte) => (byte === 0 ? '0' : 'x')).join('');
  if (zeros === '000x' || zeros === 'x000' || (a === 0 && b === 0 && c === 0xfe) || (a === 0xff && zeros === 'xx00'))
    throw foreign();
  if ((a === 0xff && b === 0xfe) || zeros === 'x0x0') return 'UTF-16LE';
  if ((a === 0xfe && b === 0xff) || zeros === '0x0x') return 'UTF-16BE';
  return undefined;
}

interface HeaderBytes {
  /** MSH-18; empty where it is absent. */
  readonly charset: string;
  /** MSH-2. */
  readonly encoding: string;
}

/**
 * The header before the character set is known. Read as Latin-1 and, since in GB 18030 the second byte of a character
 * may be `|`, as GB 18030 too; the reading whose MSH-18 names a known set wins.
 */
function headerOf(bytes: Uint8Array): HeaderBytes {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, HEADER_BYTES));
  const start = headerStart(head);
  let end = start;
  let bits = 0;
  for (; end < head.length && head[end] !== CR && head[end] !== LF; end += 1) bits |= head[end]!;
  const plain = headerFields(head.toString('latin1', start, end));
  if (bits < 0x80 || namesOf(plain).some(isKnownCharset)) return plain;
  const chinese = headerFields(new TextDecoder('gb18030').decode(head.subarray(start, end)));
  return namesOf(chinese).some(isKnownCharset) ? chinese : plain;
}

/** One a repetition. */
function namesOf({ charset, encoding }: HeaderBytes): readonly string[] {
  return charset === '' ? [] : charset.split(encoding[1] || '~').map((name) => name.trim());
}

const HEADER = /MSH[^A-Za-z0-9\s\0]/;

/** Where MSH stands; the end where there is none. */
function headerStart(head: Buffer): number {
  if (HEADER.test(head.toString('latin1', 0, 4))) return 0;
  const start = head.toString('latin1').search(HEADER);
  return start < 0 ? head.length : start;
}

function headerFields(line: string): HeaderBytes {
  const fields = piecesOf(line, line[3] ?? '|') ?? [];
  return { charset: fields[17]?.trim() ?? '', encoding: fields[1] ?? '' };
}
