/** Canonical JSON (core/json.ts) as UTF-8, written piece by piece into one room: no text of the whole is ever made. */

import type { Piece } from '../references.ts';

/** What the characters of a text are, as bits. */
export const HAS = {
  /** JSON writes it with a backslash. */
  escaped: 1,
  white: 2,
  /** Beyond ASCII: what it is has to be looked up in the text. */
  wide: 4,
  alphanumeric: 8,
  /** `-` and `.` */
  joint: 16,
  /** `+`, `/` and `=`, which base64 has beside the alphanumeric. */
  base64: 128,
  /** Any other that is seen: of ASCII, and of U+4000 to U+9FFF, where the Han characters are. */
  visible: 32,
  /** From U+D000 on, where surrogates are. */
  far: 64,
} as const;

/** By the byte of UTF-8; what is beyond ASCII is told by its first one. */
const KIND = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  if (byte >= 0xed) return HAS.wide | HAS.far;
  if (byte > 0x7f) return byte >= 0xe4 && byte <= 0xe9 ? HAS.wide | HAS.visible : HAS.wide;
  if (byte < 0x20 || char === '"' || char === '\\') return HAS.escaped;
  if (char === ' ') return HAS.white;
  if (/[A-Za-z0-9]/.test(char)) return HAS.alphanumeric;
  if (char === '-' || char === '.') return HAS.joint;
  return char === '+' || char === '/' || char === '=' ? HAS.base64 : HAS.visible;
});

const QUOTE = 0x22;
/** Taken from a text itself it would be looked up each time, since the engine holds texts in ten ways. */
const { charCodeAt } = String.prototype;

/**
 * What stands before a value: `,"key":`. ASCII is never the bytes of a NaN, which alone would not be kept as they are.
 * @param key of ASCII, of which JSON escapes nothing
 */
export function keyOf(key: string): Piece {
  const text = `,"${key}":`;
  const bytes = Buffer.alloc(8 * Math.ceil(text.length / 8));
  bytes.write(text, 'latin1');
  return pieceOf(new DataView(bytes.buffer, bytes.byteOffset), 0, text.length);
}

function pieceOf(view: DataView, at: number, length: number): Piece {
  const words: number[] = [];
  for (let index = 0; index < length; index += 8) words.push(view.getFloat64(at + index, true));
  return { words, length };
}

/** Characters of a text that is written one by one. */
const SHORT = 12;

/** What is kept from one item to the next. */
const KEPT = 1024 * 1024;
/** More than any key and sign needs. */
const MARGIN = 128;
/** Bytes of a piece that is kept. */
const LONGEST = 96;

export class Output {
  #bytes = Buffer.allocUnsafeSlow(KEPT);
  /** The same room, of which a slice is a copy. */
  #plain = new Uint8Array(this.#bytes.buffer);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;
  /** Up to here a piece may begin. */
  #limit = KEPT - MARGIN;

  /** Where the next piece will stand. */
  get at(): number {
    return this.#at;
  }

  sign(byte: number): void {
    this.#reserve(0);
    this.#bytes[this.#at] = byte;
    this.#at += 1;
  }

  /** @param byte instead of the one at a place: `{` for the comma before the first key */
  mend(at: number, byte: number): void {
    this.#bytes[at] = byte;
  }

  piece({ words, length }: Piece): void {
    this.#reserve(0);
    for (let index = 0; index < words.length; index++) this.#view.setFloat64(this.#at + 8 * index, words[index]!, true);
    this.#at += length;
  }

  /** A number, `true`, `false` or `null`. */
  word(text: string): void {
    const { length } = text;
    this.#reserve(length);
    for (let index = 0; index < length; index++) this.#bytes[this.#at + index] = charCodeAt.call(text, index);
    this.#at += length;
  }

  /** A text that is JSON already. */
  json(text: string): void {
    this.#reserve(3 * text.length);
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** @returns what its characters are (`HAS`), or -1 for half a surrogate pair, which no JSON can hold */
  text(text: string): number {
    const { length } = text;
    this.#reserve(3 * length);
    const kinds = length <= SHORT ? this.#short(text, length) : 0;
    return kinds > 0 ? kinds : this.#long(text);
  }

  /** Without a call out of JavaScript, which takes longer than a few characters. @returns 0 where that is not enough */
  #short(text: string, length: number): number {
    const bytes = this.#bytes;
    let at = this.#at;
    let kinds = 0;
    bytes[at++] = QUOTE;
    for (let index = 0; index < length; index++) {
      const code = charCodeAt.call(text, index);
      if (code < 0x80) {
        const kind = KIND[code]!;
        if (kind === HAS.escaped) return 0;
        kinds |= kind;
        bytes[at++] = code;
      } else {
        if (code < 0x800 || code >= 0xd000) return 0;
        const first = 0xe0 | (code >> 12);
        kinds |= KIND[first]!;
        bytes[at++] = first;
        bytes[at++] = 0x80 | ((code >> 6) & 0x3f);
        bytes[at++] = 0x80 | (code & 0x3f);
      }
    }
    bytes[at++] = QUOTE;
    this.#at = at;
    return kinds;
  }

  #long(text: string): number {
    const bytes = this.#bytes;
    const start = this.#at + 1;
    bytes[this.#at] = QUOTE;
    const end = start + bytes.write(text, start);
    let kinds = 0;
    for (let index = start; index < end; index++) kinds |= KIND[bytes[index]!]!;
    if ((kinds & (HAS.escaped | HAS.far)) !== 0) {
      if (!text.isWellFormed()) return -1;
      if ((kinds & HAS.escaped) !== 0) {
        this.json(JSON.stringify(text));
        return kinds;
      }
    }
    bytes[end] = QUOTE;
    this.#at = end + 1;
    return kinds;
  }

  /** What is JSON already. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** What was written from a place on; undefined where it is long, or not all of ASCII. */
  pieceFrom(at: number): Piece | undefined {
    const length = this.#at - at;
    if (length > LONGEST) return undefined;
    for (let index = at; index < this.#at; index++) if (this.#bytes[index]! > 0x7f) return undefined;
    this.#reserve(0);
    // What the last word reaches over is of an earlier item.
    this.#view.setFloat64(this.#at, 0);
    return pieceOf(this.#view, at, length);
  }

  /** A copy of what was written from a place on. */
  since(at: number): Uint8Array {
    return this.#plain.slice(at, this.#at);
  }

  clear(): void {
    this.#at = 0;
    if (this.#bytes.length > KEPT) this.#move(Buffer.allocUnsafeSlow(KEPT));
  }

  #reserve(length: number): void {
    if (this.#at + length > this.#limit) this.#grow(length + MARGIN);
  }

  #grow(more: number): void {
    const room = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#at + more));
    this.#bytes.copy(room, 0, 0, this.#at);
    this.#move(room);
  }

  #move(room: Buffer<ArrayBuffer>): void {
    this.#bytes = room;
    this.#plain = new Uint8Array(room.buffer);
    this.#view = new DataView(room.buffer);
    this.#limit = room.length - MARGIN;
  }
}
